#include "stoker/pagecache/fill.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>
#include <optional>
#include <thread>

#include "stoker/os/fd.hpp"
#include "stoker/os/memory.hpp"
#include "stoker/pagecache/residency.hpp"

namespace stoker::pagecache {
namespace {

constexpr std::size_t k_readers = 8;
constexpr Bytes k_window = 4 * k_mib;  // one reader's turn
constexpr Bytes k_piece = 256 * k_kib;  // one read: stays in the processor's cache, the bytes are not wanted

struct Window {
  std::size_t file = 0;
  Range range;
};

struct Work {
  const std::vector<std::string>& files;
  std::vector<Window> windows;

  std::mutex mutex;
  std::size_t next = 0;
  std::optional<Error> failure;  // the first

  std::optional<Window> take() {
    const std::scoped_lock lock(mutex);
    if (failure || next == windows.size()) return std::nullopt;
    return windows[next++];
  }
  void give_up(Error error) {
    const std::scoped_lock lock(mutex);
    if (!failure) failure = std::move(error);
  }
};

// What lies between the resident ranges. A file of unknown residency is wanted whole.
Result<std::vector<Range>> missing_ranges(const Residency& file) {
  if (!file.resident) return std::vector<Range>{{0, file.bytes}};
  TRY_ASSIGN(auto resident, resident_ranges(file.path));
  resident.push_back({file.bytes, file.bytes});
  std::vector<Range> missing;
  Bytes begin = 0;
  for (const auto& range : resident) {
    if (range.begin > begin) missing.push_back({begin, range.begin});
    begin = range.end;
  }
  return missing;
}

// All bytes of the files must fit, not only those that are missing: what is resident of them already is
// part of MemAvailable, because the kernel would give it up for us.
Status fits(const Total& wanted, const os::Memory& memory) {
  const Bytes limit = std::min(memory.available, memory.cgroup_limit.value_or(memory.available));
  if (wanted.resident == wanted.bytes || wanted.bytes <= limit) return {};
  const bool by_cgroup = limit < memory.available;
  return fail(ErrorKind::no_space, fmt::format("the files need {} of page cache, {} {}", format_bytes(wanted.bytes), format_bytes(limit),
                                               by_cgroup ? "is this control group's memory limit" : "of memory are available"));
}

Status read_range(const os::Fd& fd, const std::string& path, Range range, const std::stop_token& stop) {
  std::array<std::byte, k_piece> piece;  // NOLINT: filled by pread
  while (range.begin < range.end) {
    if (stop.stop_requested()) return fail(ErrorKind::cancelled, "interrupted while reading " + path);
    const auto want = std::min<Bytes>(piece.size(), range.end - range.begin);
    const ssize_t got = ::pread(fd.get(), piece.data(), want, static_cast<off_t>(range.begin));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(errno, fmt::format("read {} at byte {}", path, range.begin)));
    if (got == 0) return {};  // cut shorter meanwhile: nothing is left to fill
    range.begin += static_cast<Bytes>(got);
  }
  return {};
}

Status read_windows(Work& work, const std::stop_token& stop) {
  os::Fd fd;
  std::optional<std::size_t> opened;
  while (const auto window = work.take()) {
    const auto& path = work.files[window->file];
    if (opened != window->file) {
      TRY_ASSIGN(fd, os::open_file(path, O_RDONLY));
      opened = window->file;
    }
    TRY(read_range(fd, path, window->range, stop));
  }
  return {};
}

Result<std::vector<Window>> plan(const std::vector<Residency>& files) {
  std::vector<Window> windows;
  for (std::size_t file = 0; file < files.size(); ++file) {
    TRY_ASSIGN(const auto missing, missing_ranges(files[file]));
    for (const auto& range : missing)
      for (Bytes begin = range.begin; begin < range.end; begin += k_window)
        windows.push_back({file, {begin, std::min(begin + k_window, range.end)}});
  }
  return windows;
}

}  // namespace

Status fill(const std::vector<std::string>& files, const std::stop_token& stop, const os::Root& root) {
  TRY_ASSIGN(const auto before, measure_all(files));
  TRY(fits(total(before), os::memory(root)));
  TRY_ASSIGN(auto windows, plan(before));
  Work work{files, std::move(windows), {}, 0, {}};
  {
    std::vector<std::jthread> readers;
    for (std::size_t i = 0; i < std::min(k_readers, work.windows.size()); ++i)
      readers.emplace_back([&work, &stop] {
        if (auto done = read_windows(work, stop); !done) work.give_up(std::move(done).error());
      });
  }
  if (work.failure) return fail(*work.failure);
  return {};
}

}  // namespace stoker::pagecache
