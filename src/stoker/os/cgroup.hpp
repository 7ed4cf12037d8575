// Control groups, v1 and v2: where a process sits, who else does, and what the group has read. Thread-safe: no state.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/units.hpp"
#include "stoker/os/root.hpp"

namespace stoker::os {

struct Cgroup {
  std::string unified;  // path below the v2 mount, "" when v2 is absent
  std::string memory;   // path below the v1 memory controller, "" without v1
  std::string blkio;    // path below the v1 blkio controller, "" without v1
  std::string pids;     // below /sys/fs/cgroup, of the hierarchy that tells the members best; "" when none can be read
};

// From /proc/PID/cgroup (0: ours). Nothing when the process is gone.
std::optional<Cgroup> cgroup_of(pid_t pid, const Root& root = {});

// Members of the group and of those below it. Empty when it cannot be read.
std::vector<pid_t> cgroup_members(const Cgroup& group, const Root& root = {});

// Bytes read from block devices: v2 io.stat (sum of rbytes) or v1 blkio.throttle.io_service_bytes_recursive.
// Devices stacked on each other (dm over NVMe) each count: a sum to compare with itself, not with a file's size.
std::optional<Bytes> cgroup_read_bytes(const Cgroup& group, const Root& root = {});

// The tightest limit from the group up to the root of what we can see. Nothing when unlimited or unknown.
std::optional<Bytes> cgroup_memory_limit(const Cgroup& group, const Root& root = {});

}  // namespace stoker::os
