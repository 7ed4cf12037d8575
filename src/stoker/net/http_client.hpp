// Small HTTP requests to a server on this node: is it ready, does it answer. By cpp-httplib.
#pragma once

#include <cstdint>
#include <string>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::net {

struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string path;  // "/health"
};

struct Answer {
  int status = 0;
  std::string body;  // at most 1 MiB of it
};

// `timeout` bounds the whole exchange: connect, send and receive. No redirect is followed, no proxy used.
// Errors: unavailable (refused, reset, unreachable), timeout.
Result<Answer> get(const Target& target, Seconds timeout);
Result<Answer> post_json(const Target& target, const std::string& body, Seconds timeout);

}  // namespace stoker::net
