#include "stoker/os/cgroup.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"

namespace stoker::os {
namespace {

constexpr std::string_view k_mount = "/sys/fs/cgroup";
constexpr int k_max_depth = 32;            // real trees have five or six levels
constexpr std::size_t k_max_groups = 4096;  // a group of ours, not the root of a busy node

// A group outside our cgroup namespace shows as "/../x": nothing of it can be read from here.
bool reachable(std::string_view path) { return path.starts_with('/') && path.find("/..") == std::string_view::npos; }

bool names(std::string_view controllers, std::string_view wanted) {
  for (std::string_view controller : split(controllers, ','))
    if (controller == wanted) return true;
  return false;
}

// "name=systemd" is mounted as "systemd", all others under the name they have.
std::string mounted_as(std::string_view controllers) {
  if (controllers.starts_with("name=")) controllers.remove_prefix(5);
  return std::string(controllers);
}

// Where v2 is mounted: alone, or in the corner that systemd's hybrid layout leaves it.
std::string unified_mount(const Root& root) {
  const std::string alone = root.path(k_mount);
  if (look_at(alone + "/cgroup.controllers")) return alone;
  return alone + "/unified";
}

void collect(const std::string& folder, int depth, std::size_t& groups, std::vector<pid_t>& members) {
  if (depth > k_max_depth || ++groups > k_max_groups) return;
  const std::string text = read_fact(folder + "/cgroup.procs").value_or("");
  for (std::string_view line : split_blank(text)) {
    std::uint64_t pid = 0;
    if (parse_number(line, pid) && pid > 0 && pid <= INT32_MAX) members.push_back(static_cast<pid_t>(pid));
  }
  std::error_code code;
  for (std::filesystem::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    std::error_code gone;
    if (at->is_directory(gone) && !at->is_symlink(gone)) collect(at->path().string(), depth + 1, groups, members);
  }
}

// io.stat: "259:0 rbytes=1 wbytes=2 rios=…"
Bytes sum_of_v2(std::string_view text) {
  Bytes sum = 0;
  for (std::string_view field : split_blank(text)) {
    std::uint64_t bytes = 0;
    if (field.starts_with("rbytes=") && parse_number(field.substr(7), bytes)) sum += bytes;
  }
  return sum;
}

// blkio.throttle.io_service_bytes_recursive: "259:0 Read 1", one line an operation, then "Total 3".
Bytes sum_of_v1(std::string_view text) {
  Bytes sum = 0;
  for (std::string_view line : split(text, '\n')) {
    const auto fields = split_blank(line);
    std::uint64_t bytes = 0;
    if (fields.size() == 3 && fields[1] == "Read" && parse_number(fields[2], bytes)) sum += bytes;
  }
  return sum;
}

}  // namespace

std::optional<Cgroup> cgroup_of(pid_t pid, const Root& root) {
  const auto text = read_text(root.path(fmt::format("/proc/{}/cgroup", pid == 0 ? "self" : std::to_string(pid))));
  if (!text) return std::nullopt;
  Cgroup group;
  std::size_t deepest = 0;
  for (std::string_view line : split(*text, '\n')) {
    const std::size_t first = line.find(':'), second = line.find(':', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (!reachable(path)) continue;
    if (controllers.empty()) group.unified = path;
    if (names(controllers, "memory")) group.memory = path;
    if (names(controllers, "blkio")) group.blkio = path;
    // In a hybrid layout many hierarchies have everybody at "/"; the deepest path tells groups apart.
    const std::string mount = controllers.empty() ? unified_mount(root) : root.path(fmt::format("{}/{}", k_mount, mounted_as(controllers)));
    if (path.size() > deepest && look_at(mount + std::string(path) + "/cgroup.procs")) {
      deepest = path.size();
      group.pids = fmt::format("{}{}", mount.substr(root.path(k_mount).size()), path);
    }
  }
  return group;
}

std::vector<pid_t> cgroup_members(const Cgroup& group, const Root& root) {
  std::vector<pid_t> members;
  std::size_t groups = 0;
  if (!group.pids.empty()) collect(root.path(std::string(k_mount) + group.pids), 0, groups, members);
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

std::optional<Bytes> cgroup_read_bytes(const Cgroup& group, const Root& root) {
  if (!group.unified.empty())
    if (const auto text = read_fact(unified_mount(root) + group.unified + "/io.stat")) return sum_of_v2(*text);
  if (group.blkio.empty()) return std::nullopt;
  const auto text = read_fact(root.path(fmt::format("{}/blkio{}/blkio.throttle.io_service_bytes_recursive", k_mount, group.blkio)));
  if (!text) return std::nullopt;
  return sum_of_v1(*text);
}

std::optional<Bytes> cgroup_memory_limit(const Cgroup& group, const Root& root) {
  constexpr Bytes k_unlimited = Bytes{1} << 62;  // v1 writes LONG_MAX rounded down to a page
  std::optional<Bytes> tightest;
  const auto climb = [&](const std::string& mount, std::string path, const char* file) {
    while (true) {
      std::uint64_t limit = 0;
      const auto text = read_fact(mount + path + "/" + file);
      if (text && parse_number(*text, limit) && limit < k_unlimited) tightest = std::min(tightest.value_or(limit), limit);
      if (path.empty() || path == "/") return;
      path.resize(path.rfind('/'));
    }
  };
  if (!group.unified.empty()) climb(unified_mount(root), group.unified, "memory.max");
  if (!group.memory.empty()) climb(root.path(std::string(k_mount) + "/memory"), group.memory, "memory.limit_in_bytes");
  return tightest;
}

}  // namespace stoker::os
