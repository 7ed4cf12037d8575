#include "stoker/bench/footprint.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "stoker/base/log.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/mounts.hpp"
#include "stoker/os/spawn.hpp"
#include "stoker/pagecache/evict.hpp"
#include "stoker/pagecache/holders.hpp"

namespace stoker::bench {
namespace {

// More of an engine left in memory than this is worth saying: libc and the like are 1 % of a vLLM.
constexpr double k_shared_share = 0.05;

Bytes length(const std::vector<pagecache::Range>& ranges) {
  Bytes sum = 0;
  for (const auto& range : ranges) sum += range.end - range.begin;
  return sum;
}

std::vector<std::string> paths_of(const Footprint& footprint) {
  std::vector<std::string> paths;
  for (const auto& file : footprint.files) paths.push_back(file.path);
  return paths;
}

bool evictable(const std::string& path) {
  const auto facts = os::look_at(path);
  if (!facts || !facts->regular || facts->bytes == 0) return false;
  const auto mount = os::mount_of(path);
  return mount && os::kind_of_filesystem(mount->filesystem) != os::FilesystemKind::memory;
}

}  // namespace

std::vector<std::string> footprint_candidates(const std::vector<std::string>& argv, const std::optional<engine::Python>& python) {
  std::set<std::string> found;
  const auto add = [&](const std::string& path) {
    if (const auto real = os::real_path(path); real && evictable(*real)) found.insert(*real);
  };
  if (!argv.empty())
    if (const auto program = os::find_program(argv.front())) add(*program);
  if (python) {
    add(python->interpreter);
    for (const auto& folder : python->folders) {
      const auto files = os::files_under(folder);
      if (!files) {
        log::debug("engine files: {}", files.error().message());
        continue;
      }
      for (const auto& path : *files) found.insert(path);
    }
  }
  return {found.begin(), found.end()};
}

Footprint observe_footprint(const std::vector<std::string>& candidates, const std::vector<os::Process>& processes,
                            const std::vector<std::string>& except) {
  std::set<std::string> paths(candidates.begin(), candidates.end());
  for (const auto& process : processes)
    for (const auto& mapping : os::mapped_files(process.pid))
      if (evictable(mapping.path)) paths.insert(mapping.path);
  for (const auto& weight : except)
    if (const auto real = os::real_path(weight)) paths.erase(*real);
  Footprint footprint;
  for (const auto& path : paths) {
    auto ranges = pagecache::resident_ranges(path);
    if (!ranges) footprint.unknown_files += 1;
    if (!ranges || ranges->empty()) continue;
    footprint.used += length(*ranges);
    footprint.files.push_back({path, std::move(*ranges)});
  }
  return footprint;
}

void leave_shared_files(Footprint& footprint) {
  std::set<std::string> shared;
  for (const auto& holder : pagecache::holders_of(paths_of(footprint))) shared.insert(holder.path);
  std::erase_if(footprint.files, [&](const FootprintFile& file) {
    if (!shared.contains(file.path)) return false;
    const Bytes bytes = length(file.ranges);
    footprint.shared_files += 1;
    footprint.shared_bytes += bytes;
    footprint.used -= bytes;
    return true;
  });
}

Result<record::FileState> evict_footprint(const Footprint& footprint) {
  TRY_ASSIGN(const auto evictions, pagecache::evict(paths_of(footprint)));
  record::FileState state{"engine files", "cold", "", "", footprint.used};
  for (const auto& eviction : evictions) {
    if (eviction.after && *eviction.after == 0) continue;
    state.state = "unknown";
    state.reason = fmt::format("{}: {}", eviction.path, eviction.reason);
    return state;
  }
  if (footprint.files.empty() || footprint.unknown_files > 0) {
    state.state = "unknown";
    state.reason = footprint.unknown_files > 0 ? fmt::format("the residency of {} of the engine's files may not be known to this user", footprint.unknown_files)
                                               : "no file of the engine's was seen to be used";
    return state;
  }
  if (static_cast<double>(footprint.shared_bytes) > k_shared_share * static_cast<double>(footprint.used + footprint.shared_bytes)) state.state = "partial";
  state.reason = fmt::format("{} in {} files evicted; {} in {} files left, which other processes map too", format_bytes(footprint.used),
                             footprint.files.size(), format_bytes(footprint.shared_bytes), footprint.shared_files);
  return state;
}

}  // namespace stoker::bench
