#include "stoker/os/memory.hpp"

#include "stoker/base/text.hpp"
#include "stoker/os/cgroup.hpp"
#include "stoker/os/file.hpp"

namespace stoker::os {

Memory memory(const Root& root) {
  Memory seen;
  const std::string meminfo = read_fact(root.path("/proc/meminfo")).value_or("");
  for (std::string_view line : split(meminfo, '\n')) {
    const auto fields = split_blank(line);
    std::uint64_t kib = 0;
    if (fields.size() < 2 || !parse_number(fields[1], kib)) continue;
    if (fields[0] == "MemTotal:") seen.total = kib * k_kib;
    if (fields[0] == "MemAvailable:") seen.available = kib * k_kib;
  }
  if (const auto group = cgroup_of(0, root)) seen.cgroup_limit = cgroup_memory_limit(*group, root);
  return seen;
}

}  // namespace stoker::os
