#include "stoker/pagecache/holders.hpp"

#include <fmt/core.h>

#include <optional>
#include <unordered_map>

#include "stoker/os/file.hpp"
#include "stoker/os/process.hpp"

namespace stoker::pagecache {
namespace {

struct Wanted {
  std::string path;       // as the caller named it
  std::string real_path;  // as maps would have it
  os::FileId id;
};

// The wanted files, found by either of the two marks that a line of maps has.
class Index {
public:
  explicit Index(const std::vector<std::string>& files) {
    for (const auto& path : files) {
      const auto facts = os::look_at(path);
      if (!facts) continue;  // gone: nobody can be asked about it by this name
      m_files.push_back({path, os::real_path(path).value_or(path), facts->id});
    }
    for (const auto& file : m_files) {
      m_by_inode.emplace(file.id.inode, &file);
      m_by_path.emplace(file.real_path, &file);
    }
  }

  // Adds the files that this mapping is of: several where they are links to one inode.
  void find(const os::Mapping& mapping, pid_t pid, const os::Root& root, std::set<const Wanted*>& found) const {
    const auto [begin, end] = m_by_inode.equal_range(mapping.id.inode);
    for (auto at = begin; at != end; ++at)
      if (at->second->id == mapping.id || seen_by(pid, mapping.path, root) == at->second->id) found.insert(at->second);
    const auto named = m_by_path.find(mapping.path);
    if (named == m_by_path.end()) return;
    const auto seen = seen_by(pid, mapping.path, root);
    // Where we may not look through its eyes, the name alone must do: a holder too many is the safer mistake.
    if (!seen || *seen == named->second->id) found.insert(named->second);
  }

private:
  // Which file the name means to that process. Maps show another device number than stat on overlay and
  // btrfs, and a container's process another path: its own root and stat's own numbers settle both.
  static std::optional<os::FileId> seen_by(pid_t pid, const std::string& path, const os::Root& root) {
    const auto facts = os::look_at(root.path(fmt::format("/proc/{}/root{}", pid, path)));
    if (!facts) return std::nullopt;
    return facts->id;
  }

  std::vector<Wanted> m_files;
  std::unordered_multimap<ino_t, const Wanted*> m_by_inode;
  std::unordered_map<std::string, const Wanted*> m_by_path;
};

}  // namespace

std::vector<Holder> holders_of(const std::vector<std::string>& files, const std::set<pid_t>& except, const os::Root& root) {
  const Index wanted(files);
  std::vector<Holder> holders;
  for (const auto& process : os::all_processes(root)) {
    if (except.contains(process.pid)) continue;
    std::set<const Wanted*> held;
    for (const auto& mapping : os::mapped_files(process.pid, root)) wanted.find(mapping, process.pid, root, held);
    for (const Wanted* file : held) holders.push_back({process.pid, process.name, os::command_line(process.pid, root), file->path});
  }
  return holders;
}

}  // namespace stoker::pagecache
