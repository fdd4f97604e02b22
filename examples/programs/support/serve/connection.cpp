#include "connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace serve {

namespace {

// Received at once; a body is read by httplib in smaller pieces.
constexpr std::size_t piece = std::size_t{1} << 18;

int milliseconds_until(Clock::time_point when) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(when - Clock::now()).count();
  return int(std::clamp<long>(left, 0, 1 << 30));
}

void address(const sockaddr_storage& of, socklen_t size, std::string& ip, int& port) {
  char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "";
  const auto* at = reinterpret_cast<const sockaddr*>(&of);
  if (::getnameinfo(at, size, host, sizeof host, service, sizeof service, NI_NUMERICHOST | NI_NUMERICSERV) != 0) return;
  ip = host;
  port = std::atoi(service);
}

}  // namespace

Connection::Connection(int socket, std::atomic<std::size_t>& open) : socket_(socket), open_(open) {
  ++open_;
  const int yes = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

Connection::~Connection() {
  ::close(socket_);
  --open_;
}

bool Connection::receive() {
  if (lingers) {
    char thrown_away[65536];
    const ssize_t n = ::recv(socket_, thrown_away, sizeof thrown_away, MSG_DONTWAIT);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
  }
  if (used_ == received_.size()) received_.clear(), used_ = 0;
  char bytes[4096];
  const ssize_t n = ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT);
  if (n > 0) received_.append(bytes, std::size_t(n));
  return n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

bool Connection::is_gone() const {
  pollfd state{socket_, 0, 0};
  return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

void Connection::send_and_end(const std::string& bytes) {
  (void)!::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  ::shutdown(socket_, SHUT_WR);
  receive();
}

void Connection::begin_to_linger(double seconds) {
  ::shutdown(socket_, SHUT_WR);
  deadline = after(seconds);
  lingers = true;
  received_ = {};
  used_ = 0;
}

void Connection::linger(double seconds) {
  begin_to_linger(seconds);
  char bytes[65536];
  while (wait(readable) && ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
  }
}

bool Connection::wait(Way way) const {
  for (;;) {
    pollfd state{socket_, short(way == readable ? POLLIN : POLLOUT), 0};
    const int n = ::poll(&state, 1, milliseconds_until(deadline));
    if (n < 0 && errno == EINTR) continue;
    return n > 0;
  }
}

ssize_t Connection::read(char* to, std::size_t size) {
  if (waiting() == 0) {
    received_.resize(piece);
    used_ = 0;
    ssize_t n = -1;
    do {
      n = wait(readable) ? ::recv(socket_, received_.data(), piece, 0) : -1;
    } while (n < 0 && errno == EINTR && Clock::now() < deadline);
    received_.resize(std::size_t(std::max<ssize_t>(n, 0)));
    if (n <= 0) return n;
  }
  const std::size_t n = std::min(size, waiting());
  std::memcpy(to, received_.data() + used_, n);
  used_ += n;
  return ssize_t(n);
}

ssize_t Connection::write(const char* from, std::size_t size) {
  for (;;) {
    const ssize_t n = ::send(socket_, from, size, MSG_NOSIGNAL);
    if (n >= 0) return n;
    if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) return -1;
    if (!wait(writable)) return -1;
  }
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage of{};
  socklen_t size = sizeof of;
  if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&of), &size) == 0) address(of, size, ip, port);
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  sockaddr_storage of{};
  socklen_t size = sizeof of;
  if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&of), &size) == 0) address(of, size, ip, port);
}

}  // namespace serve
