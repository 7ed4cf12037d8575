// Mounts of this process, from /proc/self/mountinfo, and which of them a path lies on. Thread-safe: no state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/os/root.hpp"

namespace stoker::os {

struct Mount {
  std::uint32_t major = 0, minor = 0;  // of the filesystem's st_dev
  std::string point;                   // where it is mounted
  std::string filesystem;              // "ext4", "overlay", "nfs4", "fuse.sshfs"…
  std::string source;                  // "/dev/vda1", "server:/export"…
  std::string options;                 // mount options, then ',' and super options; octal escapes left in
};

// What a filesystem's bytes rest on, as far as its type tells.
enum class FilesystemKind { local, network, memory, overlay, fuse, unknown };
FilesystemKind kind_of_filesystem(std::string_view type);
std::string_view to_string(FilesystemKind kind);

// Octal escapes (\040) of paths decoded; malformed lines skipped. Order as in the file.
std::vector<Mount> parse_mountinfo(std::string_view text);

// The mount that `path` lies on: links resolved, the longest mount point, the last of equals.
// Errors: not_found when the path does not exist, unsupported when mountinfo cannot be read.
Result<Mount> mount_of(const std::string& path, const Root& root = {});

// Folders that back an overlay mount (upperdir first, then lowerdirs), empty for others.
std::vector<std::string> overlay_layers(const Mount& mount);

}  // namespace stoker::os
