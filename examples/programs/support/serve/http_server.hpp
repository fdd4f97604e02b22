#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>

#include "connection.hpp"

// Requests and answers over HTTP/1.1: connections wait in one thread that costs nothing for slow ones; whole heads of
// requests go to workers. httplib parses, checks and writes.

namespace serve {

/// An answer. One that is an error is JSON with one sentence.
struct Reply {
  int status = 200;
  std::string type = "application/json", body;
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::shared_ptr<void> held = {};  ///< given back when the answer was sent
};

/// {"error": "..."} with a status.
Reply error_reply(int status, const std::string& sentence);

/// Hands the pieces of a body to a receiver, which says whether to go on; false where it did not arrive whole.
using ReadBody = std::function<bool(const std::function<bool(const char*, std::size_t)>&)>;

/// What answers requests. All are called by several threads at once.
struct Callbacks {
  /// Before the body is read: an answer that needs none, as a refusal.
  std::function<std::optional<Reply>(const httplib::Request&)> without_body;
  /// All others. is_gone: whether the client went away
  std::function<Reply(const httplib::Request&, const ReadBody&, const std::function<bool()>& is_gone)> with_body;
  /// After each answer, with the seconds since the first byte of its request. path: empty where none could be read
  std::function<void(const std::string& path, int status, double seconds)> answered;
};

struct HttpLimits {
  std::size_t connections = 256;   ///< open at once; below 900
  std::size_t head_bytes = 16384;  ///< request line and headers
  int workers = 32;                ///< requests whose body is read, answered or sent at once
  double head_seconds = 10;        ///< for the head of a request to arrive
  double idle_seconds = 30;        ///< that a connection may wait for its next request
  double body_seconds = 60;        ///< for a body to arrive, and again for the answer to be sent
  double brief_seconds = 2;        ///< for a page or a refusal to be sent: nobody has to compute them again
  double linger_seconds = 1;       ///< that a refused body may go on to arrive, so that its sender reads why
};

class HttpServer : private httplib::Server {
 public:
  HttpServer(Callbacks callbacks, const HttpLimits& limits);
  ~HttpServer() override;

  /// Takes an address; port 0: a free one. Returns the port. Throws std::runtime_error where it is taken.
  int bind(const std::string& host, int port);
  /// Begins to answer.
  void start();
  /// Closes the address and idle connections, and waits for the requests under way, so long at most.
  /// Returns how many were not answered.
  int drain(double seconds);

  int in_flight() const { return in_flight_; }

 private:
  using Connections = std::vector<std::unique_ptr<Connection>>;

  void route();
  void watch();
  bool watch_once(std::vector<pollfd>& states);
  static bool takes_in(Connection& connection);
  void accept_all();
  void take_back();
  void sort_out();
  bool is_to_stay(std::unique_ptr<Connection>& connection);
  void end(Connection& connection, int status, const std::string& sentence);
  void work();
  bool serve_one(Connection& connection);
  void wake();

  std::atomic<std::size_t> open_{0};  // outlives the connections, which count themselves in it
  Callbacks callbacks_;
  HttpLimits limits_;
  int listener_ = -1, wake_[2] = {-1, -1};
  std::thread watcher_;
  std::vector<std::thread> workers_;
  std::atomic<bool> draining_{false}, stopping_{false};
  std::atomic<int> in_flight_{0}, passes_{0};  // passes of the watcher since the end began
  Connections waiting_;                        // of the watcher alone
  bool ending_ = false;                        // likewise: whether this pass began after the end
  std::mutex mutex_;
  std::condition_variable ready_changed_, idle_changed_;
  std::deque<std::unique_ptr<Connection>> ready_;  // with a whole head
  Connections returned_;                           // answered, to wait again
};

}  // namespace serve
