#include "stoker/os/mounts.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"

namespace stoker::os {
namespace {

constexpr Bytes k_mountinfo_limit = 16 * k_mib;  // a node with thousands of pods has some MB of it

bool octal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes blanks, newlines and backslashes of a path as \040, \012, \134.
std::string decode(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) && octal(text[i + 3])) {
      plain += static_cast<char>(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::optional<Mount> parse_line(std::string_view line) {
  const auto fields = split_blank(line);
  const auto dash = std::ranges::find(fields, std::string_view("-"));
  if (dash - fields.begin() < 6 || fields.end() - dash < 3) return std::nullopt;
  const auto numbers = split(fields[2], ':');
  std::uint64_t major = 0, minor = 0;
  if (numbers.size() != 2 || !parse_number(numbers[0], major) || !parse_number(numbers[1], minor)) return std::nullopt;
  if (major > UINT32_MAX || minor > UINT32_MAX) return std::nullopt;
  Mount mount{static_cast<std::uint32_t>(major), static_cast<std::uint32_t>(minor), decode(fields[4]), decode(dash[1]), decode(dash[2]), std::string(fields[5])};
  if (fields.end() - dash > 3) mount.options += "," + std::string(dash[3]);
  return mount;
}

bool lies_on(std::string_view path, std::string_view point) {
  if (point == "/") return path.starts_with('/');
  return path.starts_with(point) && (path.size() == point.size() || path[point.size()] == '/');
}

// A fixture tree may hold the path itself, or only /proc and /sys beside a path that is real.
Result<std::string> resolve(const std::string& path, const Root& root) {
  if (const auto prefix = real_path(root.path("")); prefix && *prefix != "/") {
    const auto within = real_path(root.path(path));
    if (within && lies_on(*within, *prefix)) return within->size() == prefix->size() ? std::string("/") : within->substr(prefix->size());
  }
  return real_path(path);
}

// Layers in a lowerdir are separated by ':'; a ':' of a name is written "\:".
void add_layers(std::vector<std::string>& layers, std::string_view value) {
  std::string layer;
  const std::string plain = decode(value);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] == '\\' && i + 1 < plain.size()) {
      layer += plain[++i];
    } else if (plain[i] == ':') {
      if (!layer.empty()) layers.push_back(std::move(layer));
      layer.clear();
    } else {
      layer += plain[i];
    }
  }
  if (!layer.empty()) layers.push_back(std::move(layer));
}

template <std::size_t N>
bool one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, word) != words.end();
}

}  // namespace

FilesystemKind kind_of_filesystem(std::string_view type) {
  constexpr std::array<std::string_view, 10> local{"ext4", "ext3", "ext2", "xfs", "btrfs", "f2fs", "zfs", "vfat", "exfat", "bcachefs"};
  constexpr std::array<std::string_view, 17> network{"nfs",       "nfs4",           "cifs",      "smb3",         "ceph",      "lustre",     "gpfs",    "glusterfs", "beegfs",
                                                     "fuse.ceph", "fuse.glusterfs", "fuse.s3fs", "fuse.juicefs", "fuse.sshfs", "fuse.mfs", "fuse.gcsfuse", "fuse.rclone"};
  constexpr std::array<std::string_view, 4> memory{"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"};
  if (one_of(type, local)) return FilesystemKind::local;
  if (one_of(type, network)) return FilesystemKind::network;
  if (one_of(type, memory)) return FilesystemKind::memory;
  if (type == "overlay" || type == "aufs") return FilesystemKind::overlay;
  if (type == "fuseblk") return FilesystemKind::local;  // FUSE over a block device: ntfs-3g
  if (type == "9p" || type == "virtiofs" || type.starts_with("fuse")) return FilesystemKind::fuse;
  return FilesystemKind::unknown;
}

std::string_view to_string(FilesystemKind kind) {
  switch (kind) {
    case FilesystemKind::local: return "local";
    case FilesystemKind::network: return "network";
    case FilesystemKind::memory: return "memory";
    case FilesystemKind::overlay: return "overlay";
    case FilesystemKind::fuse: return "fuse";
    case FilesystemKind::unknown: return "unknown";
  }
  return "unknown";
}

std::vector<Mount> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  for (std::string_view line : split(text, '\n'))
    if (auto mount = parse_line(line)) mounts.push_back(std::move(*mount));
  return mounts;
}

Result<Mount> mount_of(const std::string& path, const Root& root) {
  TRY_ASSIGN(const std::string resolved, resolve(path, root));
  const auto text = read_text(root.path("/proc/self/mountinfo"), k_mountinfo_limit);
  if (!text) return fail(ErrorKind::unsupported, "mounts cannot be read: " + text.error().message());
  std::optional<Mount> best;
  for (auto& mount : parse_mountinfo(*text))
    if (lies_on(resolved, mount.point) && (!best || mount.point.size() >= best->point.size())) best = std::move(mount);
  if (!best) return fail(ErrorKind::unsupported, "no mount in /proc/self/mountinfo holds " + printable(resolved));
  return *best;
}

std::vector<std::string> overlay_layers(const Mount& mount) {
  std::vector<std::string> layers;
  if (mount.filesystem != "overlay") return layers;
  std::vector<std::string> lower;
  for (std::string_view option : split(mount.options, ',')) {
    const std::size_t equals = option.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = option.substr(0, equals), value = option.substr(equals + 1);
    if (name == "upperdir") layers.push_back(decode(value));
    if (name == "lowerdir" || name == "lowerdir+") add_layers(lower, value);  // "+" by the mount API of Linux 6.5
  }
  layers.insert(layers.end(), lower.begin(), lower.end());
  return layers;
}

}  // namespace stoker::os
