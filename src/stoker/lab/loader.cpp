#include "stoker/lab/loader.hpp"

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
#include <utility>

#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"

namespace stoker::lab {
namespace {

constexpr Bytes k_piece = 8 * k_mib;  // of one read: larger ones gain nothing, smaller ones cost calls
constexpr Bytes k_block = 4096;       // what O_DIRECT wants offsets and lengths to be a multiple of, at most
constexpr unsigned k_readers = 4;     // reads in flight; a disk with one is at half its rate

Bytes down(Bytes value) { return value / k_block * k_block; }
Bytes up(Bytes value) { return down(value + k_block - 1); }

struct Piece {
  Bytes offset = 0;  // in the file
  std::span<std::byte> into;
  Bytes wanted = 0;  // bytes that must come; the rest may lie past the end of the file
};

// Regions for the ranges, and the pieces that fill them.
struct Target {
  std::vector<Loaded> loaded;
  std::vector<Piece> pieces;
};

Result<Target> reserve(const LoadPlan& plan) {
  Target target;
  const bool aligned = plan.load == Load::direct;
  for (const Range& range : plan.ranges) {
    const Bytes begin = aligned ? down(range.offset) : range.offset;
    const Bytes end = aligned ? up(range.offset + range.bytes) : range.offset + range.bytes;
    TRY_ASSIGN(Memory memory, Memory::reserve(end - begin));
    const std::span<std::byte> region = memory.bytes();
    for (Bytes at = begin; at < end; at += k_piece) {
      const Bytes length = std::min(k_piece, end - at);
      const Bytes wanted = std::min(at + length, range.offset + range.bytes) - at;
      target.pieces.push_back({at, region.subspan(static_cast<std::size_t>(at - begin), static_cast<std::size_t>(length)), wanted});
    }
    target.loaded.push_back({std::move(memory), range.offset - begin, range.bytes});
  }
  return target;
}

tl::unexpected<Error> interrupted(const LoadPlan& plan) { return fail(ErrorKind::cancelled, fmt::format("loading {} was interrupted", plan.path)); }

// A file that is cut short while it is mapped ends the process by SIGBUS, here as in the engines that map.
Status copy_mapped(const LoadPlan& plan, const Target& target, const std::stop_token& stop) {
  TRY_ASSIGN(const os::Fd fd, os::open_file(plan.path, O_RDONLY));
  TRY_ASSIGN(const os::FileFacts facts, os::look_at(plan.path));
  if (facts.bytes == 0) return {};
  void* const mapped = ::mmap(nullptr, facts.bytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (mapped == MAP_FAILED) return fail(Error::from_errno(errno, "map " + plan.path));
  Status status;
  for (const Piece& piece : target.pieces) {
    if (stop.stop_requested()) status = interrupted(plan);
    if (piece.offset + piece.wanted > facts.bytes) status = fail(ErrorKind::invalid, fmt::format("{} ends at byte {}, {} was wanted", plan.path, facts.bytes, piece.offset + piece.wanted));
    if (!status) break;
    std::memcpy(piece.into.data(), static_cast<const std::byte*>(mapped) + piece.offset, static_cast<std::size_t>(piece.wanted));
  }
  ::munmap(mapped, facts.bytes);
  return status;
}

Status read_piece(const os::Fd& fd, const Piece& piece, const std::string& path) {
  Bytes done = 0;
  while (done < piece.wanted) {
    const ssize_t got = ::pread(fd.get(), piece.into.data() + done, piece.into.size() - done, static_cast<off_t>(piece.offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(Error::from_errno(errno, fmt::format("read {} at byte {}", path, piece.offset + done)));
    if (got == 0) return fail(ErrorKind::invalid, fmt::format("{} ends at byte {}, {} was wanted", path, piece.offset + done, piece.offset + piece.wanted));
    done += static_cast<Bytes>(got);
  }
  return {};
}

// Shared by the readers of one file.
struct Job {
  const LoadPlan& plan;
  const Target& target;
  const std::stop_token& stop;
  const os::Fd& fd;
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> error;  // the first one; guarded by mutex

  void give_up(Error why) {
    const std::lock_guard lock(mutex);
    if (!error) error = std::move(why);
    next = target.pieces.size();
  }
};

void work(Job& job) {
  for (std::size_t i = job.next++; i < job.target.pieces.size(); i = job.next++) {
    Status status = job.stop.stop_requested() ? Status(interrupted(job.plan)) : read_piece(job.fd, job.target.pieces[i], job.plan.path);
    if (!status) return job.give_up(std::move(status).error());
  }
}

Status read_pieces(const LoadPlan& plan, const Target& target, const std::stop_token& stop) {
  auto fd = os::open_file(plan.path, plan.load == Load::direct ? O_RDONLY | O_DIRECT : O_RDONLY);
  if (!fd && plan.load == Load::direct && fd.error().os_errno() == EINVAL)
    return fail(ErrorKind::unsupported, fmt::format("{} lies on a filesystem without direct reads: use --load read", plan.path));
  if (!fd) return fail(std::move(fd).error());
  Job job{plan, target, stop, *fd, {}, {}, {}};
  {
    std::vector<std::jthread> readers;
    for (unsigned i = 0; i < k_readers; ++i) readers.emplace_back([&job] { work(job); });
  }
  if (job.error) return fail(std::move(*job.error));
  return {};
}

}  // namespace

Result<Memory> Memory::reserve(Bytes bytes) {
  if (bytes == 0) return Memory(nullptr, 0);
  void* const data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return fail(ErrorKind::no_space, fmt::format("no memory for a tensor of {}", format_bytes(bytes)), errno);
  return Memory(static_cast<std::byte*>(data), static_cast<std::size_t>(bytes));
}

Memory::Memory(Memory&& other) noexcept : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}

Memory::~Memory() {
  if (m_data != nullptr) ::munmap(m_data, m_size);
}

std::vector<Range> ranges_of(const model::Inspection& inspection, const model::Shard& shard) {
  if (inspection.format == model::Format::pickle) return {{0, shard.bytes}};
  std::vector<Range> ranges;
  for (const model::Tensor& tensor : shard.tensors) ranges.push_back({tensor.offset, tensor.bytes});
  return ranges;
}

Result<std::vector<Loaded>> load_file(const LoadPlan& plan, const std::stop_token& stop) {
  TRY_ASSIGN(Target target, reserve(plan));
  TRY(plan.load == Load::mmap ? copy_mapped(plan, target, stop) : read_pieces(plan, target, stop));
  return std::move(target.loaded);
}

}  // namespace stoker::lab
