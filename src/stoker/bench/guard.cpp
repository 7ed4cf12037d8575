#include "stoker/bench/guard.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <set>

#include "stoker/base/text.hpp"
#include "stoker/os/process.hpp"
#include "stoker/pagecache/holders.hpp"

namespace stoker::bench {
namespace {

constexpr std::string_view k_way_out = "stop it, or pass --shared-node to go on all the same";

constexpr Bytes k_idle_gpu_memory = k_gib;  // a display or a persistence daemon takes a few hundred MiB

std::string named(pid_t pid) {
  const auto seen = os::process(pid);
  return fmt::format("pid {} ({})", pid, seen ? printable(seen->name) : "in another pid namespace");
}

// Inside a container NVML may name nobody; memory in use tells all the same.
Status gpus_are_empty(const gpu::Nvml& nvml) {
  const auto used = nvml.memory_used();
  if (!used) return {};
  for (std::size_t i = 0; i < used->size(); ++i)
    if ((*used)[i] > k_idle_gpu_memory)
      return fail(ErrorKind::busy, fmt::format("this node is in use: {} of GPU {} by processes that cannot be seen from here; {}", format_bytes((*used)[i]),
                                               nvml.devices()[i].index, k_way_out));
  return {};
}

}  // namespace

Status node_is_free(const std::vector<std::string>& files, const std::optional<gpu::Nvml>& nvml) {
  const auto holders = pagecache::holders_of(files, {::getpid()});
  if (!holders.empty()) {
    std::set<pid_t> pids;
    std::vector<std::string> names;
    for (const auto& holder : holders)
      if (pids.insert(holder.pid).second) names.push_back(fmt::format("pid {} ({})", holder.pid, printable(holder.name)));
    return fail(ErrorKind::busy, fmt::format("this node is in use: {} maps {}, which would have to be evicted; {}", join(names, ", "),
                                             holders.front().path, k_way_out));
  }
  if (!nvml) return {};
  const auto running = nvml->processes();
  if (!running || running->empty()) return gpus_are_empty(*nvml);
  std::vector<std::string> names;
  for (const auto& process : *running) names.push_back(fmt::format("{} on GPU {}", named(process.pid), process.device));
  return fail(ErrorKind::busy, fmt::format("this node is in use: {}; {}", join(names, ", "), k_way_out));
}

}  // namespace stoker::bench
