// Memory of the host and of our cgroup.
#pragma once

#include <optional>

#include "stoker/base/units.hpp"
#include "stoker/os/root.hpp"

namespace stoker::os {

struct Memory {
  Bytes total = 0;      // MemTotal
  Bytes available = 0;  // MemAvailable
  std::optional<Bytes> cgroup_limit;  // the tightest on the way up; nothing when unlimited or unknown
};

Memory memory(const Root& root = {});

}  // namespace stoker::os
