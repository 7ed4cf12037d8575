// A server that answers one connection with exactly the bytes it is told to.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

namespace stoker::net {

class RawServer {
public:
  // `serve` gets the accepted socket after the request's head was read; the socket is closed behind it.
  explicit RawServer(std::function<void(int)> serve) : m_listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof where;
    EXPECT_EQ(::bind(m_listener, reinterpret_cast<const sockaddr*>(&where), length), 0);
    EXPECT_EQ(::listen(m_listener, 4), 0);
    ::getsockname(m_listener, reinterpret_cast<sockaddr*>(&where), &length);
    m_port = ntohs(where.sin_port);
    m_thread = std::jthread([this, serve = std::move(serve)] {
      const int peer = ::accept4(m_listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (peer < 0) return;
      char c = 0;
      while (m_request.find("\r\n\r\n") == std::string::npos && ::recv(peer, &c, 1, 0) == 1) m_request += c;
      serve(peer);
      ::close(peer);
    });
  }
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;
  ~RawServer() {
    ::shutdown(m_listener, SHUT_RDWR);  // wakes an accept that nobody came for
    m_thread.join();
    ::close(m_listener);
  }

  [[nodiscard]] std::uint16_t port() const { return m_port; }
  // What was asked, once the exchange is over.
  const std::string& request() {
    if (m_thread.joinable()) m_thread.join();
    m_thread = std::jthread([] {});
    return m_request;
  }

  // False when the other side has gone.
  static bool say(int peer, std::string_view text) {
    while (!text.empty()) {
      const ssize_t put = ::send(peer, text.data(), text.size(), MSG_NOSIGNAL);
      if (put <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
  }

private:
  int m_listener;
  std::uint16_t m_port = 0;
  std::string m_request;
  std::jthread m_thread;
};

}  // namespace stoker::net
