// Whether an engine is ready: who listens on its port, and what is answered there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"
#include "stoker/engine/profile.hpp"

namespace stoker::engine {

// Where to look for the engine's listening socket.
struct Place {
  std::uint16_t port = 0;
  pid_t inside = 0;              // look in this process's network namespace; 0: in ours
  bool private_network = false;  // that namespace belongs to the engine's container alone
  bool forwarded = false;        // a port forwarder of the container runtime may stand here for the engine
};

// Tells the engine's sockets from those of others: vLLM and many more set SO_REUSEPORT, so a second server can
// share the port, and the kernel then hands each of us an answer of either. What is known of a socket is kept,
// so that a look costs two small files once the owner is known. One thread at a time.
class PortOwners {
public:
  enum class Verdict { nobody, ours, foreign };
  using Members = std::function<std::vector<pid_t>()>;  // the engine's processes, asked for only when a new socket listens

  // Foreign is said only when two looks in a row found it so: /proc is read while processes come and go.
  Verdict look(const Place& place, const Members& members);
  // After `foreign`: "process 17 (python other.py)".
  [[nodiscard]] const std::string& foreigner() const { return m_foreigner; }

private:
  bool stands_for_engine(const Place& place, std::uint64_t inode, const std::vector<pid_t>& members);

  std::set<std::uint64_t> m_ours;
  bool m_suspicion = false;
  std::string m_foreigner;
};

// One round of questions to 127.0.0.1.
struct Asked {
  bool ready = false;
  bool timed_out = false;  // it accepted, but did not answer in time
  std::string saw;         // "HTTP 503 at /health"
};
Asked ask_ready(const Readiness& readiness, std::uint16_t port, Seconds timeout);

// The first model that the body of /v1/models lists. Errors: invalid.
Result<std::string> first_model(std::string_view body);
// Asks that model for one token. Errors: unavailable, with what was answered instead; timeout; invalid.
Status ask_token(std::uint16_t port, Seconds timeout);

// Ports on which these processes listen, each in its own network namespace.
std::vector<std::uint16_t> ports_of(const std::vector<pid_t>& pids);

}  // namespace stoker::engine
