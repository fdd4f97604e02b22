#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

#include <httplib.h>
#undef _res  // of <resolv.h>, a name of parameters in Eigen

#include "clock.hpp"

// One client's socket, with limits on time and size.

namespace serve {

/// A connection as httplib reads and writes it: what was received ahead, then the socket, until a deadline.
class Connection : public httplib::Stream {
 public:
  /// socket: does not block, and is closed with the connection
  /// open: counts connections for as long as they are there
  Connection(int socket, std::atomic<std::size_t>& open);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() override;

  /// Takes in what has arrived, without waiting; false where the client has closed.
  bool receive();
  /// Whether the head of a request, up to its blank line, has arrived.
  bool has_head() const { return received_.find("\r\n\r\n", used_) != std::string::npos; }
  /// Bytes that arrived and were not read yet.
  std::size_t waiting() const { return received_.size() - used_; }
  /// Whether the client has gone away, so that nobody waits for an answer. One that only has no more to send waits.
  bool is_gone() const;
  /// Sends what fits at once, and shows the client the end: an answer to a request that is not read to its end.
  void send_and_end(const std::string& bytes);
  /// Lets the client read the answer before the connection goes: from here on, and until the deadline that this sets,
  /// receive() throws away what it still sends.
  void begin_to_linger(double seconds);
  /// The same, and waits for the client's end or the deadline.
  void linger(double seconds);

  bool is_readable() const override { return waiting() > 0 || wait(readable); }
  bool is_writable() const override { return wait(writable); }
  ssize_t read(char* to, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

  Clock::time_point deadline = Clock::now();  ///< of reading and writing
  Clock::time_point since = Clock::now();     ///< of the first byte of a request, else of becoming idle
  bool unread = false;                        ///< a body was announced and not read: the connection cannot go on
  bool close = false;                         ///< it ends after this answer
  bool lingers = false;                       ///< was answered for the last time
  std::shared_ptr<void> held;                 ///< of the answer, until it was sent

 private:
  enum Way { readable, writable };
  bool wait(Way way) const;

  int socket_;
  std::atomic<std::size_t>& open_;
  std::string received_;
  std::size_t used_ = 0;
};

}  // namespace serve
