#include "stoker/bench/facts.hpp"

#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "stoker/base/text.hpp"
#include "stoker/os/block.hpp"
#include "stoker/os/host.hpp"
#include "stoker/os/memory.hpp"

namespace stoker::bench {
namespace {

void add_path(record::HostFacts& facts, const std::string& path, const os::Root& root) {
  const auto mount = os::mount_of(path, root);
  if (!mount) return;
  facts.mount_point = mount->point;
  facts.filesystem = mount->filesystem;
  facts.filesystem_kind = os::to_string(os::kind_of_filesystem(mount->filesystem));
  facts.mount_source = printable(mount->source);
  facts.mount_options = mount->options;
  const auto number = device_below(*mount, root);
  const auto device = number ? os::block_device(number->major, number->minor, root) : std::nullopt;
  if (!device) return;
  facts.device = device->name;
  facts.device_model = device->model;
  facts.scheduler = device->scheduler;
  facts.read_ahead_kib = device->read_ahead_kib;
  facts.rotational = device->rotational;
}

}  // namespace

std::optional<DeviceNumber> device_below(const os::Mount& mount, const os::Root& root) {
  if (os::block_device(mount.major, mount.minor, root)) return DeviceNumber{mount.major, mount.minor};
  struct stat seen {};
  if (!mount.source.starts_with("/dev/") || ::stat(root.path(mount.source).c_str(), &seen) != 0 || !S_ISBLK(seen.st_mode)) return std::nullopt;
  const DeviceNumber number{major(seen.st_rdev), minor(seen.st_rdev)};
  if (!os::block_device(number.major, number.minor, root)) return std::nullopt;
  return number;
}

record::HostFacts host_facts(const std::string& weight_path, const std::optional<gpu::Nvml>& nvml, const os::Root& root) {
  record::HostFacts facts;
  const auto host = os::host(root);
  facts.kernel = host.kernel;
  facts.distribution = host.distribution;
  facts.cpu = host.cpu;
  facts.virtualization = host.virtualization;
  facts.cores = host.cores;
  const auto memory = os::memory(root);
  facts.memory_total = memory.total;
  facts.memory_available = memory.available;
  facts.cgroup_memory_limit = memory.cgroup_limit;
  add_path(facts, weight_path, root);
  if (nvml) {
    for (const auto& device : nvml->devices()) facts.gpus.push_back(fmt::format("{}, {}", device.name, format_bytes(device.memory_total)));
    facts.gpu_driver = nvml->driver();
  }
  return facts;
}

}  // namespace stoker::bench
