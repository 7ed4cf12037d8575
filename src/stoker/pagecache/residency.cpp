#include "stoker/pagecache/residency.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <numeric>
#include <span>

#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"
#include "stoker/pagecache/cachestat.hpp"

namespace stoker::pagecache {
namespace {

// A file is looked at through maps of this size: 256 Ki flags at a time, however large the file is.
constexpr Bytes k_window = k_gib;

// No page cache lies below these, whatever their files' mode says. (Not all have a name in linux/magic.h.)
constexpr std::array<unsigned long, 8> k_without_pages{PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,
                                                       CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC, HUGETLBFS_MAGIC};

Bytes page_size() {
  static const Bytes size = static_cast<Bytes>(::sysconf(_SC_PAGESIZE));
  return size;
}

Bytes pages_up(Bytes bytes) { return (bytes + page_size() - 1) / page_size() * page_size(); }

struct Opened {
  os::Fd fd;
  Bytes bytes = 0;
};

Result<Opened> open_regular(const std::string& path) {
  TRY_ASSIGN(const os::FileFacts facts, os::look_at(path));
  if (!facts.regular) return fail(ErrorKind::invalid, path + " is no regular file");
  TRY_ASSIGN(os::Fd fd, os::open_file(path, O_RDONLY | O_NOCTTY));
  struct statfs filesystem {};
  if (::fstatfs(fd.get(), &filesystem) != 0) return fail(Error::from_errno(errno, path));
  if (std::ranges::find(k_without_pages, static_cast<unsigned long>(filesystem.f_type)) != k_without_pages.end())
    return fail(ErrorKind::invalid, path + " lies on a filesystem without a page cache");
  return Opened{std::move(fd), facts.bytes};
}

// A map that may not even be read: it can neither load a page nor make one look used.
class Map {
public:
  Map(const os::Fd& fd, Bytes offset, Bytes length)
      : m_length(length), m_address(::mmap(nullptr, length, PROT_NONE, MAP_SHARED, fd.get(), static_cast<off_t>(offset))), m_errno(errno) {}
  ~Map() {
    if (valid()) ::munmap(m_address, m_length);
  }
  Map(const Map&) = delete;
  Map& operator=(const Map&) = delete;

  [[nodiscard]] bool valid() const { return m_address != MAP_FAILED; }
  [[nodiscard]] int error() const { return m_errno; }
  [[nodiscard]] bool look(std::span<unsigned char> flags) const { return ::mincore(m_address, m_length, flags.data()) == 0; }

private:
  Bytes m_length;
  void* m_address;
  int m_errno;
};

// Why mincore's word is worth nothing for this file; "" when it is to be believed.
//
// The kernel answers "resident" for every page when we neither own nor may write the file (the inode
// below it, on overlayfs). Rather than guess at that rule from user, mode, capabilities and id maps,
// we ask about a page far behind the file's end, which is never resident: a yes is the lie itself.
// The distance is more than the largest folio, which may reach over the end.
std::string doubt(const Opened& file) {
  const Map behind(file.fd, pages_up(file.bytes) + k_gib, page_size());
  if (!behind.valid() && behind.error() == ENODEV) return "this filesystem does not let files be mapped";
  unsigned char flag = 0;
  if (!behind.valid() || !behind.look({&flag, 1})) return Error::from_errno(errno, "looking behind its end").message();
  if ((flag & 1) != 0) return "the file is neither ours nor writable by us, and the kernel then calls every page resident";
  return "";
}

using Visit = std::function<void(Bytes offset, std::span<const unsigned char> flags)>;

Status scan(const Opened& file, const std::string& path, const Visit& visit) {
  std::vector<unsigned char> flags(std::min(pages_up(file.bytes), k_window) / page_size());
  for (Bytes offset = 0; offset < file.bytes; offset += k_window) {
    const Bytes length = std::min(pages_up(file.bytes) - offset, k_window);
    const std::span part(flags.data(), length / page_size());
    const Map map(file.fd, offset, length);
    if (!map.valid() || !map.look(part)) return fail(Error::from_errno(errno, "look at the pages of " + path));
    visit(offset, part);
  }
  return {};
}

// Bytes of the pages that are flagged; a page that reaches over the file's end counts up to there.
Bytes resident_bytes(std::span<const unsigned char> flags, Bytes offset, Bytes bytes) {
  const auto pages = std::accumulate(flags.begin(), flags.end(), Bytes{0}, [](Bytes sum, unsigned char flag) { return sum + (flag & 1U); });
  const Bytes end = offset + flags.size() * page_size();
  const bool cut = end > bytes && (flags.back() & 1U) != 0;
  return pages * page_size() - (cut ? end - bytes : 0);
}

}  // namespace

std::optional<double> Total::fraction() const {
  if (!resident) return std::nullopt;
  return bytes == 0 ? 1.0 : static_cast<double>(*resident) / static_cast<double>(bytes);
}

Result<Residency> measure(const std::string& path) {
  TRY_ASSIGN(const Opened file, open_regular(path));
  Residency seen{path, file.bytes, std::nullopt, doubt(file)};
  if (!seen.reason.empty()) return seen;
  seen.resident = resident_by_cachestat(file.fd, file.bytes);
  if (seen.resident) return seen;
  Bytes resident = 0;
  TRY(scan(file, path, [&](Bytes offset, std::span<const unsigned char> flags) { resident += resident_bytes(flags, offset, file.bytes); }));
  seen.resident = resident;
  return seen;
}

Result<std::vector<Residency>> measure_all(const std::vector<std::string>& paths) {
  std::vector<Residency> all;
  all.reserve(paths.size());
  for (const auto& path : paths) {
    TRY_ASSIGN(Residency one, measure(path));
    all.push_back(std::move(one));
  }
  return all;
}

Total total(const std::vector<Residency>& files) {
  Total sum{0, Bytes{0}};
  for (const auto& file : files) {
    sum.bytes += file.bytes;
    if (!file.resident) sum.resident.reset();
    if (sum.resident) *sum.resident += *file.resident;
  }
  return sum;
}

Result<std::vector<Range>> resident_ranges(const std::string& path) {
  TRY_ASSIGN(const Opened file, open_regular(path));
  if (auto why = doubt(file); !why.empty()) return fail(ErrorKind::unsupported, fmt::format("residency of {} is unknown: {}", path, why));
  std::vector<Range> ranges;
  TRY(scan(file, path, [&](Bytes offset, std::span<const unsigned char> flags) {
    for (std::size_t page = 0; page < flags.size(); ++page) {
      if ((flags[page] & 1U) == 0) continue;
      const Bytes begin = offset + page * page_size();
      const Bytes end = std::min(begin + page_size(), file.bytes);
      if (!ranges.empty() && ranges.back().end == begin) ranges.back().end = end;
      else ranges.push_back({begin, end});
    }
  }));
  return ranges;
}

}  // namespace stoker::pagecache
