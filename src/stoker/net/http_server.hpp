// A small HTTP server with a fixed table of GET answers. By cpp-httplib; bounded threads and sizes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "stoker/base/result.hpp"
#include "stoker/net/http_client.hpp"

namespace stoker::net {

using Routes = std::map<std::string, std::function<Answer()>>;  // path → what GET gives, as JSON

// Listens from listen() on, in threads of its own; the destructor stops it.
class Server {
public:
  // Without SO_REUSEPORT: a port that somebody has is refused. Errors: busy, denied, invalid (no such host).
  static Result<Server> listen(const std::string& host, std::uint16_t port, Routes routes);
  Server(Server&&) noexcept;
  Server& operator=(Server&&) = delete;
  ~Server();

private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace stoker::net
