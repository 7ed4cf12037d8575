#include "stoker/pagecache/cachestat.hpp"

#include <linux/magic.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace stoker::pagecache {
namespace {

// Stacked filesystems keep the pages in another inode, and cachestat then answers 0: measured on overlayfs,
// and FUSE passthrough is built the same way. So only these are asked; on all others mincore is.
constexpr std::array<unsigned long, 3> k_own_pages{EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC};

constexpr long k_cachestat = 451;  // the same on all architectures but alpha; older headers lack it

struct Window {
  std::uint64_t offset, length;
};
struct Counts {
  std::uint64_t cached, dirty, writeback, evicted, recently_evicted;  // pages
};

std::optional<Bytes> pages(const os::Fd& fd, Window window) {
  Counts counts{};
  if (::syscall(k_cachestat, fd.get(), &window, &counts, 0U) != 0) return std::nullopt;
  return counts.cached;
}

bool holds_its_own_pages(const os::Fd& fd) {
  struct statfs filesystem {};
  if (::fstatfs(fd.get(), &filesystem) != 0) return false;
  return std::ranges::find(k_own_pages, static_cast<unsigned long>(filesystem.f_type)) != k_own_pages.end();
}

}  // namespace

std::optional<Bytes> resident_by_cachestat(const os::Fd& fd, Bytes bytes) {
  if (bytes == 0 || !holds_its_own_pages(fd)) return std::nullopt;
  const auto page = static_cast<Bytes>(::sysconf(_SC_PAGESIZE));
  const Bytes whole = bytes / page * page;  // the last page, if the file ends in it, counts as its file bytes
  const auto full = whole > 0 ? pages(fd, {0, whole}) : Bytes{0};
  const auto last = bytes > whole ? pages(fd, {whole, bytes - whole}) : Bytes{0};
  if (!full || !last) return std::nullopt;
  return *full * page + (*last > 0 ? bytes - whole : 0);
}

}  // namespace stoker::pagecache
