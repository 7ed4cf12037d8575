// The machine and the path that the weights lie on, gathered once an invocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "stoker/gpu/nvml.hpp"
#include "stoker/os/mounts.hpp"
#include "stoker/os/root.hpp"
#include "stoker/record/start.hpp"

namespace stoker::bench {

// The block device below a mount: by the mount's own number, or by that of its /dev source (btrfs and
// others have numbers that no device answers to).
struct DeviceNumber {
  std::uint32_t major = 0, minor = 0;
};
std::optional<DeviceNumber> device_below(const os::Mount& mount, const os::Root& root = {});

// Without the ceiling, which costs reads.
record::HostFacts host_facts(const std::string& weight_path, const std::optional<gpu::Nvml>& nvml, const os::Root& root = {});

}  // namespace stoker::bench
