// One running engine: launched, watched until it is ready, asked for a token, ended whole.
#pragma once

#include <map>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/engine/markers.hpp"
#include "stoker/engine/profile.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/os/process.hpp"
#include "stoker/os/spawn.hpp"

namespace stoker::engine {

struct LaunchPlan {
  Kind kind = Kind::command;
  std::vector<std::string> argv;  // {model} and {port} filled in already; otherwise untouched
  std::map<std::string, std::optional<std::string>> environment = {};  // over ours
  std::uint16_t port = 0;
  std::string echo_prefix = {};  // lines also go to our stderr with this in front; "" for none
};

// What the engine's processes have read so far; figures of processes that ended since the last look are kept.
struct Usage {
  std::optional<Bytes> storage_read_bytes;  // of the tree, or of the container's cgroup
  std::uint64_t major_faults = 0;
};

// Owns the process tree (and the container): the destructor ends it. One thread at a time.
class Server {
public:
  // Refuses a taken port first. Errors: busy (port), not_found (program), those of spawn.
  static Result<Server> launch(const LaunchPlan& plan);
  Server(Server&&) noexcept;
  Server& operator=(Server&&) = delete;
  ~Server();

  // Waits until the engine's own readiness holds and every socket that listens on the port belongs to it.
  // The value is exec → the answer that said so; whose answer it was is proved after it came. `tick` is called at each poll, for samplers.
  // Errors: ended (its process ended first; says how), timeout, cancelled, busy (a foreign process answers on the port).
  Result<Seconds> wait_ready(Seconds timeout, const std::stop_token& stop, const std::function<void()>& tick = {});

  // exec → the answer of a one-token completion, asked now of the first model that /v1/models lists.
  // Nothing when the engine serves no completions or this one failed; `why` says which.
  struct FirstToken {
    std::optional<Seconds> at;
    std::string why;
  };
  FirstToken first_token(Seconds timeout);

  [[nodiscard]] std::vector<StampedLine> lines() const;             // so far, bounded: the first 20 000 and the last 1 000
  [[nodiscard]] std::vector<std::string> last_lines(std::size_t count) const;
  [[nodiscard]] Usage usage();                                      // looks now
  [[nodiscard]] std::vector<os::Process> processes() const;         // tree, and the container's members
  [[nodiscard]] os::Stamp started() const;
  [[nodiscard]] std::optional<os::Exit> exit() const;

  // Ends it whole: container stop, SIGTERM to the group, SIGKILL to what is left after `grace`; then waits until the
  // port is free. Errors: timeout when something survives.
  Status stop(Seconds grace);

private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> m_state;
};

}  // namespace stoker::engine
