#include "stoker/net/http_server.hpp"

#include <fmt/core.h>
#include <httplib.h>
#include <netdb.h>

#include <atomic>
#include <cerrno>
#include <thread>

namespace stoker::net {
namespace {

constexpr std::size_t k_threads = 4;             // readiness probes and a person with curl
constexpr std::size_t k_payload_limit = 1 << 16;  // nobody sends us more than a question
constexpr time_t k_patience_s = 5;

Status resolves(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) return fail(ErrorKind::invalid, fmt::format("no such host to listen on: '{}' ({})", host, ::gai_strerror(code)));
  ::freeaddrinfo(found);
  return {};
}

void add_routes(httplib::Server& server, Routes routes) {
  // One handler for every path: httplib would take route names as regular expressions.
  server.Get(".*", [routes = std::move(routes)](const httplib::Request& request, httplib::Response& response) {
    const auto route = routes.find(request.path);
    const Answer answer = route == routes.end() ? Answer{404, R"({"error":"not found"})"} : route->second();
    response.status = answer.status;
    response.set_content(answer.body, "application/json");
  });
}

}  // namespace

struct Server::State {
  httplib::Server server;
  std::atomic<bool> over = false;  // the accept loop has ended
  std::jthread acceptor;
};

Result<Server> Server::listen(const std::string& host, std::uint16_t port, Routes routes) {
  TRY(resolves(host));
  auto state = std::make_unique<State>();
  auto& server = state->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(k_threads); };  // httplib deletes it
  server.set_payload_max_length(k_payload_limit);
  server.set_read_timeout(k_patience_s);
  server.set_write_timeout(k_patience_s);
  server.set_keep_alive_timeout(1);  // a thread waits on each idle connection
  // httplib would set SO_REUSEPORT and share the port with a stranger. SO_REUSEADDR only passes over TIME_WAIT.
  server.set_socket_options([](socket_t socket) {
    const int on = 1;
    ignore(::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "the bind tells");
  });
  add_routes(server, std::move(routes));
  errno = 0;
  if (!server.bind_to_port(host, port)) {
    const int code = errno;
    if (code == EADDRNOTAVAIL) return fail(ErrorKind::invalid, fmt::format("{} is no address of this machine", host), code);
    return fail(Error::from_errno(code, fmt::format("listen on {}:{}", host, port)));
  }
  state->acceptor = std::jthread([&server, &over = state->over] {
    server.listen_after_bind();
    over = true;
  });
  // stop() does nothing before the loop runs: a server destroyed at once would wait for it for ever.
  while (!server.is_running() && !state->over) std::this_thread::yield();
  return Server(std::move(state));
}

Server::Server(std::unique_ptr<State> state) : m_state(std::move(state)) {}
Server::Server(Server&&) noexcept = default;

Server::~Server() {
  if (!m_state) return;
  m_state->server.stop();
  m_state->acceptor.join();
}

}  // namespace stoker::net
