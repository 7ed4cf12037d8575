#include "stoker/pagecache/evict.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "stoker/base/text.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/clock.hpp"

namespace stoker::pagecache {
namespace {

using std::chrono::milliseconds;

// Pauses before the rounds: read-ahead in flight keeps its pages locked, and they are not dropped until
// the device has answered. What stays after the last round is held by somebody.
constexpr std::array<milliseconds, 5> k_pauses{milliseconds(0), milliseconds(2), milliseconds(10), milliseconds(50), milliseconds(200)};
constexpr std::size_t k_named_holders = 4;  // in a sentence; all are in `holders`

struct Job {
  Eviction eviction;
  std::string complaint;  // of the kernel, about the last try
};

// "" or what the kernel said. A descriptor for reading suffices for both calls.
std::string drop(const std::string& path, bool write_back) {
  const auto fd = os::open_file(path, O_RDONLY | O_NOCTTY);
  if (!fd) return fd.error().message();
  if (write_back && ::fdatasync(fd->get()) != 0) return "dirty: " + Error::from_errno(errno, "not writable back").message();
  if (const int code = ::posix_fadvise(fd->get(), 0, 0, POSIX_FADV_DONTNEED); code != 0) return Error::from_errno(code, "fadvise").message();
  return "";
}

// A clean file goes in the first round without fdatasync, which would flush the disk's own cache for each
// file. One that stays may be dirty, and so may one that we cannot measure.
Status drop_all(std::vector<Job>& jobs) {
  for (std::size_t round = 0; round < k_pauses.size(); ++round) {
    bool paused = round == 0;
    for (auto& [eviction, complaint] : jobs) {
      const bool known = eviction.after.has_value();
      if (known ? *eviction.after == 0 : round > 0) continue;
      if (!paused) os::pause(k_pauses.at(round));
      paused = true;
      complaint = drop(eviction.path, round > 0 || !known);
      TRY_ASSIGN(const Residency seen, measure(eviction.path));
      eviction.after = seen.resident;
    }
  }
  return {};
}

bool in_memory_only(const std::string& path) {
  struct statfs filesystem {};
  if (::statfs(path.c_str(), &filesystem) != 0) return false;
  const auto type = static_cast<unsigned long>(filesystem.f_type);
  return type == TMPFS_MAGIC || type == RAMFS_MAGIC;
}

bool locks_memory(pid_t pid) {
  const auto status = os::read_fact(fmt::format("/proc/{}/status", pid));
  if (!status) return false;
  for (const auto line : split(*status, '\n'))
    if (line.starts_with("VmLck:")) return split_blank(line).size() > 1 && split_blank(line)[1] != "0";
  return false;
}

std::string mapped_by(const std::vector<Holder>& holders) {
  std::vector<std::string> named;
  for (const auto& holder : holders) {
    if (named.size() == k_named_holders) break;
    named.push_back(fmt::format("pid {} ({}{})", holder.pid, printable(holder.name), locks_memory(holder.pid) ? ", locks memory" : ""));
  }
  if (holders.size() > named.size()) named.push_back(fmt::format("{} more", holders.size() - named.size()));
  return "mapped by " + join(named, ", ");
}

std::string why_it_stays(const Job& job) {
  const auto& eviction = job.eviction;
  if (in_memory_only(eviction.path)) return "tmpfs: the page cache is the file itself";
  if (!eviction.holders.empty()) return mapped_by(eviction.holders);
  if (!job.complaint.empty()) return job.complaint;
  return fmt::format("{} stay though no process that we may look at maps them: somebody reads or writes the file now, or another user's process maps it",
                     format_bytes(*eviction.after));
}

bool left(const Eviction& eviction) { return !eviction.after || *eviction.after > 0; }

void explain(std::vector<Job>& jobs, bool dry_run) {
  std::vector<std::string> unfinished;
  for (const auto& job : jobs)
    if (left(job.eviction)) unfinished.push_back(job.eviction.path);
  if (unfinished.empty()) return;
  const auto holders = holders_of(unfinished);
  for (auto& job : jobs) {
    if (!left(job.eviction)) continue;
    for (const auto& holder : holders)
      if (holder.path == job.eviction.path) job.eviction.holders.push_back(holder);
    const bool expected = dry_run && job.eviction.holders.empty() && !in_memory_only(job.eviction.path);
    if (job.eviction.after && !expected) job.eviction.reason = why_it_stays(job);
  }
}

}  // namespace

Result<std::vector<Eviction>> evict(const std::vector<std::string>& files, EvictOptions options) {
  std::vector<Job> jobs;
  jobs.reserve(files.size());
  for (const auto& path : files) {
    TRY_ASSIGN(Residency seen, measure(path));
    jobs.push_back({{path, seen.bytes, seen.resident, seen.resident, std::move(seen.reason), {}}, ""});
  }
  if (!options.dry_run) TRY(drop_all(jobs));
  explain(jobs, options.dry_run);
  std::vector<Eviction> evictions;
  evictions.reserve(jobs.size());
  for (auto& job : jobs) evictions.push_back(std::move(job.eviction));
  return evictions;
}

}  // namespace stoker::pagecache
