// What a set of processes has read, when processes of it come and go.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "stoker/base/units.hpp"
#include "stoker/os/process.hpp"
#include "stoker/os/root.hpp"

namespace stoker::engine {

// Keeps the last figures seen of every process, so that those which ended still count, but once: the kernel adds
// what a process read to its parent when the parent waits for it [measured: 4 MiB read by a child showed in the
// parent's /proc/PID/io right after waitpid]. Page faults are not added up that way. One thread at a time.
class UsageLedger {
public:
  // `processes` are all that live now.
  void look(const std::vector<os::Process>& processes, const os::Root& root = {});

  [[nodiscard]] std::optional<Bytes> storage_read_bytes() const;  // nothing when no process let us see
  [[nodiscard]] std::uint64_t major_faults() const;

private:
  struct Figures {
    std::optional<Bytes> read_bytes;
    Bytes grown = 0;  // since the look before
    std::uint64_t major_faults = 0;
    pid_t parent = 0;
    bool alive = true;
  };
  using Identity = std::pair<pid_t, std::uint64_t>;  // pid and start: pids come back
  void settle(Figures& ended, const std::map<pid_t, Figures*>& living);

  std::map<Identity, Figures> m_seen;
};

}  // namespace stoker::engine
