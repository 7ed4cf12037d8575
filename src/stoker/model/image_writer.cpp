// The obvious way, one thread that makes values and write()s them, reaches a third of the disk: the copy into
// the page cache costs as much as making the values, and the disk idles meanwhile. So: O_DIRECT, buffers of
// 4 MiB, and more threads than cores, each in turn making a piece and waiting for its write. The kernel's
// queue then always holds a few writes.
#include "stoker/model/image_writer.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>

#include "stoker/os/fd.hpp"

namespace stoker::model {
namespace {

constexpr Bytes k_piece = 4 * k_mib;
constexpr Bytes k_block = 4096;  // what O_DIRECT wants lengths and offsets to be a multiple of, at most

// Page-aligned memory that is given back.
class Buffer {
public:
  Buffer() : m_data(::mmap(nullptr, k_piece, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (valid()) ::munmap(m_data, k_piece);
  }
  [[nodiscard]] bool valid() const { return m_data != MAP_FAILED; }
  [[nodiscard]] std::span<std::byte> bytes() const { return {static_cast<std::byte*>(m_data), k_piece}; }

private:
  void* m_data;
};

// Shared by the threads of one file.
struct Job {
  const FileImage& image;
  const WritePlan& plan;
  const std::stop_token& stop;
  os::Fd direct;    // invalid where the filesystem has no O_DIRECT
  os::Fd buffered;  // the tail, and everything where `direct` is invalid
  std::atomic<Bytes> next{0};
  std::mutex mutex;
  std::optional<Error> error;  // the first one; guarded by mutex

  void give_up(Error why) {
    const std::lock_guard lock(mutex);
    if (!error) error = std::move(why);
    next = image.bytes;
  }
};

Status write_piece(Job& job, Bytes offset, std::span<const std::byte> piece) {
  const Bytes whole = job.direct.valid() ? piece.size() / k_block * k_block : 0;
  TRY(os::write_fully(job.direct, piece.first(static_cast<std::size_t>(whole)), offset, job.plan.path));
  return os::write_fully(job.buffered, piece.subspan(static_cast<std::size_t>(whole)), offset + whole, job.plan.path);
}

void work(Job& job) {
  const Buffer buffer;
  if (!buffer.valid()) return job.give_up(Error::from_errno(ENOMEM, "a write buffer"));
  while (true) {
    const Bytes offset = job.next.fetch_add(k_piece);
    if (offset >= job.image.bytes) return;
    if (job.stop.stop_requested()) return job.give_up({ErrorKind::cancelled, fmt::format("writing {} was interrupted", job.plan.path)});
    const auto piece = buffer.bytes().first(static_cast<std::size_t>(std::min(k_piece, job.image.bytes - offset)));
    render(job.image, offset, piece);
    if (Status written = write_piece(job, offset, piece); !written) return job.give_up(std::move(written).error());
  }
}

// Reserves the bytes, so that a full disk is met here and extents are few. Filesystems without it go on.
Status reserve(const os::Fd& fd, const FileImage& image, const std::string& path) {
  if (image.bytes == 0 || ::fallocate(fd.get(), 0, 0, static_cast<off_t>(image.bytes)) == 0) return {};
  if (errno == EOPNOTSUPP || errno == ENOSYS || errno == EINTR) return {};
  return fail(Error::from_errno(errno, "reserve space for " + path));
}

}  // namespace

Status write_image(const FileImage& image, const WritePlan& plan, const std::stop_token& stop) {
  TRY_ASSIGN(os::Fd buffered, os::open_file(plan.path, O_WRONLY | O_CREAT | O_EXCL));
  TRY(reserve(buffered, image, plan.path));
  auto direct = os::open_file(plan.path, O_WRONLY | O_DIRECT);
  Job job{image, plan, stop, direct ? std::move(*direct) : os::Fd(), std::move(buffered), {}, {}, {}};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(plan.threads, 1U); ++i) threads.emplace_back([&job] { work(job); });
  }
  if (job.error) return fail(std::move(*job.error));
  if (::fsync(job.buffered.get()) != 0) return fail(Error::from_errno(errno, "sync " + plan.path));
  return job.buffered.close();
}

}  // namespace stoker::model
