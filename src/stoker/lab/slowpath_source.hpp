// The folder behind a slow path: nodes as FUSE numbers them, opened beneath the folder and nowhere else.
#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "stoker/base/result.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"

namespace stoker::lab {

using NodeId = std::uint64_t;
inline constexpr NodeId k_root_node = 1;  // FUSE's own number for it

// Thread-safe. A node is kept as its path and its inode, not as an open file: a tree of a million files needs no
// million descriptors. Each use opens the path anew beneath the folder (RESOLVE_BENEATH, no links, no other
// mounts) and refuses with ESTALE when another inode stands there. Every error carries its errno.
class SourceTree {
public:
  // Errors: not_found, denied; unsupported where the kernel or a filter lacks openat2.
  static Result<std::unique_ptr<SourceTree>> open(const std::string& folder);

  struct Node {
    NodeId id = 0;
    struct stat facts {};
  };
  // Counts one lookup of the node; forget gives them back. Links are nodes of their own, never followed.
  Result<Node> look_up(NodeId parent, const std::string& name);
  void forget(NodeId id, std::uint64_t lookups);

  Result<struct stat> facts(NodeId id) const;
  Result<std::string> link_target(NodeId id) const;
  Result<os::Fd> open_file(NodeId id) const;    // regular ones only
  Result<os::Fd> open_folder(NodeId id) const;
  [[nodiscard]] Result<struct statvfs> filesystem() const;
  [[nodiscard]] std::size_t nodes() const;  // that the kernel knows, without the root

private:
  struct Known {
    std::string path;  // from the root
    os::FileId file;
    std::uint64_t lookups = 0;
  };
  SourceTree(os::Fd root, os::FileId file) : m_root(std::move(root)), m_known{{k_root_node, {".", file, 1}}} {}

  Result<Known> known(NodeId id) const;
  Result<os::Fd> open_node(NodeId id, int flags) const;

  os::Fd m_root;
  mutable std::mutex m_mutex;
  std::unordered_map<NodeId, Known> m_known;
  std::map<os::FileId, NodeId> m_ids;
  NodeId m_next = k_root_node + 1;  // never used twice
};

}  // namespace stoker::lab
