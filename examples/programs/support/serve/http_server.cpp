#include "http_server.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <nlohmann/json.hpp>

#include <latentcell/core/error.hpp>

namespace serve {

namespace {

// Looks at all connections after which no request that came before the end was overlooked.
constexpr int last_passes = 3;

// The connection whose request this thread answers: httplib's handlers are not given it.
thread_local Connection* current = nullptr;

const char* reason_of(int status) {
  switch (status) {
    case 408:
      return "Request Timeout";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

void write(Reply reply, httplib::Response& to) {
  current->held = std::move(reply.held);
  to.status = reply.status;
  to.body = std::move(reply.body);
  to.headers.erase("Content-Type");
  to.set_header("Content-Type", reply.type);
  for (const auto& [name, value] : reply.headers) to.set_header(name, value);
}

double seconds_since(Clock::time_point when) { return std::chrono::duration<double>(Clock::now() - when).count(); }

}  // namespace

Reply error_reply(int status, const std::string& sentence) {
  const auto replace = nlohmann::json::error_handler_t::replace;
  return {status, "application/json", nlohmann::json{{"error", sentence}}.dump(-1, ' ', false, replace) + "\n", {}};
}

HttpServer::HttpServer(Callbacks callbacks, const HttpLimits& limits)
    : callbacks_(std::move(callbacks)), limits_(limits) {
  LATENTCELL_REQUIRE(limits_.connections >= 1 && limits_.connections < 900,
                     "HttpServer: connections must be in [1, 900), got ", limits_.connections);
  if (::pipe2(wake_, O_CLOEXEC | O_NONBLOCK) != 0)
    latentcell::throw_runtime("no pipe can be made: ", std::strerror(errno));
  // So that handing connections over takes no memory. One more may be there than may stay.
  waiting_.reserve(limits_.connections + 1);
  returned_.reserve(limits_.connections + 1);
  route();
}

HttpServer::~HttpServer() {
  drain(0);
  for (const int end : wake_) ::close(end);
}

void HttpServer::route() {
  set_keep_alive_timeout(time_t(limits_.idle_seconds));
  set_keep_alive_max_count(1000000);
  // Without SO_REUSEPORT, which httplib sets: two servers would share an address and take turns.
  set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  set_default_headers({{"X-Content-Type-Options", "nosniff"}, {"Cache-Control", "no-store"}});
  const auto refused = [this](const httplib::Request& request, httplib::Response& response) {
    std::optional<Reply> reply = callbacks_.without_body(request);
    if (!reply) return false;
    write(std::move(*reply), response);
    return true;
  };
  set_pre_routing_handler([refused](const httplib::Request& request, httplib::Response& response) {
    return refused(request, response) ? HandlerResponse::Handled : HandlerResponse::Unhandled;
  });
  set_expect_100_continue_handler([refused](const httplib::Request& request, httplib::Response& response) {
    return refused(request, response) ? response.status : 100;
  });
  Post("/.*", [this](const httplib::Request& request, httplib::Response& response, const httplib::ContentReader& read) {
    Connection& connection = *current;
    const ReadBody body = [&](const std::function<bool(const char*, std::size_t)>& take) {
      connection.deadline = after(limits_.body_seconds);
      const bool whole = read(take);
      if (whole) connection.unread = false;
      return whole;
    };
    write(callbacks_.with_body(request, body, [&] { return connection.is_gone(); }), response);
  });
  // In place of httplib's own, which tells what was thrown in a header.
  set_exception_handler([](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
    write(error_reply(503, "the request cannot be answered now: the memory may be short"), response);
  });
  // What httplib itself refuses, as a line that is no request, has no words yet.
  set_error_handler(HandlerWithResponse([](const httplib::Request&, httplib::Response& response) {
    if (!response.body.empty()) return HandlerResponse::Unhandled;
    current->close = true;
    write(error_reply(response.status, "this is not a request of HTTP/1.1 that can be read"), response);
    return HandlerResponse::Handled;
  }));
  set_post_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    Connection& connection = *current;
    // A page or a refusal is short: a client that does not read it may not keep a worker.
    const bool is_brief = request.method != "POST" || response.status >= 400;
    connection.deadline =
        after(is_brief ? std::min(limits_.brief_seconds, limits_.body_seconds) : limits_.body_seconds);
    if (draining_ || connection.unread) connection.close = true;
    if (!connection.close) return;
    response.headers.erase("Keep-Alive");
    response.headers.erase("Connection");
    response.set_header("Connection", "close");
  });
  set_logger([this](const httplib::Request& request, const httplib::Response& response) {
    callbacks_.answered(request.path, response.status, seconds_since(current->since));
  });
}

int HttpServer::bind(const std::string& host, int port) {
  if (port == 0) {
    port = bind_to_any_port(host);
  } else if (!bind_to_port(host, port)) {
    port = -1;
  }
  listener_ = svr_sock_;
  // A second time, for more than the five connections in waiting that httplib asks for.
  if (port < 0 || listener_ < 0 || ::listen(listener_, 512) != 0)
    latentcell::throw_runtime("cannot listen on ", host, ": ",
                              errno == ENOENT ? "there is no such address" : std::strerror(errno));
  ::fcntl(listener_, F_SETFL, O_NONBLOCK);
  ::fcntl(listener_, F_SETFD, FD_CLOEXEC);
  return port;
}

void HttpServer::start() {
  watcher_ = std::thread([this] { watch(); });
  for (int i = 0; i < limits_.workers; ++i) workers_.emplace_back([this] { work(); });
}

int HttpServer::drain(double seconds) {
  draining_ = true;
  wake();
  int left = 0;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    idle_changed_.wait_until(lock, after(seconds), [&] {
      return ready_.empty() && in_flight_ == 0 && (passes_ >= last_passes || !watcher_.joinable());
    });
    left = in_flight_ + int(ready_.size());
    ready_.clear();
    stopping_ = true;
  }
  ready_changed_.notify_all();
  wake();
  if (watcher_.joinable()) watcher_.join();
  if (left > 0) return left;  // their workers are still at it: the program ends now
  for (std::thread& worker : workers_) worker.join();
  workers_.clear();
  if (listener_ >= 0) ::close(listener_);
  listener_ = -1;
  svr_sock_ = INVALID_SOCKET;
  return 0;
}

void HttpServer::wake() { (void)!::write(wake_[1], "w", 1); }

// ---- the thread that watches connections

void HttpServer::watch() {
  std::vector<pollfd> states;
  states.reserve(limits_.connections + 3);
  while (!stopping_) {
    ending_ = draining_;
    try {
      if (!watch_once(states)) break;
    } catch (...) {
      // As memory that is short: what was under way is closed, and the next pass may do better.
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (!ending_) continue;
    ++passes_;
    idle_changed_.notify_all();
  }
  waiting_.clear();
}

bool HttpServer::watch_once(std::vector<pollfd>& states) {
  if (ending_ && passes_ > 0) ::shutdown(listener_, SHUT_RDWR);
  states.assign({{wake_[0], POLLIN, 0}, {passes_ > 0 ? -1 : listener_, POLLIN, 0}});
  for (const auto& connection : waiting_) states.push_back({connection->socket(), POLLIN, 0});
  if (::poll(states.data(), nfds_t(states.size()), ending_ ? 5 : 500) < 0 && errno != EINTR) return false;
  char bytes[256];
  while (::read(wake_[0], bytes, sizeof bytes) > 0) {
  }
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (states[i + 2].revents != 0 && !takes_in(*waiting_[i])) waiting_[i].reset();
  }
  std::erase(waiting_, nullptr);
  take_back();
  sort_out();
  if ((states[1].revents & POLLIN) != 0) accept_all();
  return true;
}

bool HttpServer::takes_in(Connection& connection) {
  if (connection.waiting() == 0) connection.since = Clock::now();
  try {
    return connection.receive();
  } catch (...) {
    return false;
  }
}

void HttpServer::take_back() {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto& connection : returned_) waiting_.push_back(std::move(connection));
  returned_.clear();
}

// Whole heads go to the workers, late connections end, the others wait on.
void HttpServer::sort_out() {
  for (auto& connection : waiting_) {
    bool stays = false;
    try {
      stays = is_to_stay(connection);
    } catch (...) {
    }
    if (!stays) connection.reset();
  }
  std::erase(waiting_, nullptr);
}

bool HttpServer::is_to_stay(std::unique_ptr<Connection>& connection) {
  if (connection->lingers) return Clock::now() < connection->deadline;
  if (connection->waiting() == 0)
    return passes_ + 1 < last_passes && seconds_since(connection->since) < limits_.idle_seconds;
  if (connection->has_head()) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ready_.push_back(std::move(connection));
    }
    ready_changed_.notify_one();
    return false;
  }
  if (connection->waiting() > limits_.head_bytes) {
    end(*connection, 431, latentcell::text("the request line and headers exceed ", limits_.head_bytes, " bytes"));
    return false;
  }
  if (seconds_since(connection->since) < limits_.head_seconds) return true;
  end(*connection, 408, latentcell::text("the request did not arrive within ", limits_.head_seconds, " s"));
  return false;
}

void HttpServer::accept_all() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      return;
    }
    std::unique_ptr<Connection> connection;
    try {
      connection = std::make_unique<Connection>(socket, open_);
    } catch (...) {
      ::close(socket);
      return;
    }
    if (open_ > limits_.connections) {
      // The one that has been idle for longest makes room.
      const auto longest = std::min_element(waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
        return std::pair(a->waiting(), a->since) < std::pair(b->waiting(), b->since);
      });
      if (longest == waiting_.end() || (*longest)->waiting() > 0) {
        end(*connection, 503, latentcell::text("all ", limits_.connections, " connections are in use"));
        continue;
      }
      waiting_.erase(longest);
    }
    waiting_.push_back(std::move(connection));
  }
}

void HttpServer::end(Connection& connection, int status, const std::string& sentence) {
  const Reply reply = error_reply(status, sentence);
  connection.send_and_end(latentcell::text(
      "HTTP/1.1 ", status, " ", reason_of(status), "\r\nConnection: close\r\nContent-Type: application/json\r\n",
      status == 503 ? "Retry-After: 1\r\n" : "", "Content-Length: ", reply.body.size(), "\r\n\r\n", reply.body));
  callbacks_.answered("", status, seconds_since(connection.since));
}

// ---- the threads that answer

void HttpServer::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    ready_changed_.wait(lock, [this] { return stopping_ || !ready_.empty(); });
    if (stopping_) return;
    std::unique_ptr<Connection> connection = std::move(ready_.front());
    ready_.pop_front();
    ++in_flight_;
    lock.unlock();
    bool stays = false;
    try {
      stays = serve_one(*connection);
    } catch (...) {
      current = nullptr;  // as memory that is not there for an answer
    }
    if (!stays) connection.reset();
    lock.lock();
    --in_flight_;
    if (stays) returned_.push_back(std::move(connection));
    wake();
    idle_changed_.notify_all();
  }
}

bool HttpServer::serve_one(Connection& connection) {
  current = &connection;
  connection.unread = connection.close = false;
  connection.deadline = after(limits_.head_seconds);
  bool closed = false;
  const bool sent = process_request(connection, false, closed, [&](httplib::Request& request) {
    // Answers are whole, and not compressed: brotli would take longer than all else.
    request.headers.erase("Accept-Encoding");
    request.ranges.clear();
    const std::string length = request.get_header_value("Content-Length");
    connection.unread = request.has_header("Transfer-Encoding") || (!length.empty() && length != "0");
  });
  current = nullptr;
  connection.held.reset();
  connection.since = Clock::now();
  if (!sent || !connection.close) return sent && !closed;
  if (!draining_) {
    connection.begin_to_linger(limits_.linger_seconds);  // in the watcher, which has time
    return true;
  }
  connection.linger(limits_.linger_seconds);
  return false;
}

}  // namespace serve
