// Asks an engine whether it is ready, again and again, in a thread of its own: the stamp of the first "yes" is what
// load_s is made of, and must not wait for looks at /proc (tens of milliseconds each on a busy machine).
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "stoker/base/units.hpp"
#include "stoker/engine/profile.hpp"
#include "stoker/os/clock.hpp"

namespace stoker::engine {

// Asks from construction to destruction, which waits for a question in flight (at most 8 s). Thread-safe.
class ReadyWatch {
public:
  ReadyWatch(Readiness readiness, std::uint16_t port);

  // When the answer came that began the present readiness; nothing while the last answer was none.
  [[nodiscard]] std::optional<os::Stamp> ready_since() const;
  // What the port answered last: "HTTP 503 at /health".
  [[nodiscard]] std::string saw() const;

private:
  void ask(const std::stop_token& stop);

  Readiness m_readiness;
  std::uint16_t m_port;
  mutable std::mutex m_mutex;
  struct Seen {
    std::optional<os::Stamp> ready_since;
    std::string saw;
  } m_seen;  // beside m_mutex
  std::jthread m_thread;  // last: it uses all of the above
};

}  // namespace stoker::engine
