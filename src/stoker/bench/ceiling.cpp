#include "stoker/bench/ceiling.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>

#include "stoker/base/units.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"

namespace stoker::bench {
namespace {

constexpr Bytes k_block = 4 * k_mib;      // size hardly matters past 1 MiB once the depth is there
constexpr unsigned k_readers = 8;         // a local NVMe is flat from 4, a virtio disk from 8
constexpr Bytes k_most_bytes = 2 * k_gib;
constexpr Seconds k_most_time{3};
constexpr Bytes k_fewest_bytes = 64 * k_mib;  // below that the start of the readers is what one measures
constexpr std::size_t k_alignment = 4096;

struct Block {
  std::size_t file;
  Bytes offset;
};

struct Free {
  void operator()(void* memory) const { std::free(memory); }
};

// What the readers share: the next block to take, and what they got.
struct Work {
  std::vector<os::Fd> fds;
  std::vector<Block> blocks;
  std::atomic<std::size_t> next{0};
  std::atomic<Bytes> done{0};
  std::atomic<bool> failed{false};
};

void read_blocks(Work& work, os::Stamp begun, const std::stop_token& stop) {
  const std::unique_ptr<void, Free> buffer(std::aligned_alloc(k_alignment, k_block));
  while (!stop.stop_requested() && os::since(begun) < k_most_time) {
    const std::size_t at = work.next.fetch_add(1);
    if (at >= work.blocks.size()) return;
    const Block& block = work.blocks[at];
    const ssize_t got = ::pread(work.fds[block.file].get(), buffer.get(), k_block, static_cast<off_t>(block.offset));
    if (got <= 0) {
      work.failed = true;
      return;
    }
    work.done += static_cast<Bytes>(got);
  }
}

bool open_all(Work& work, const std::vector<std::string>& files) {
  Bytes planned = 0;
  for (const auto& path : files) {
    const auto facts = os::look_at(path);
    auto fd = os::open_file(path, O_RDONLY | O_DIRECT);
    if (!facts || !fd) return false;
    for (Bytes at = 0; at + k_block <= facts->bytes && planned < k_most_bytes; at += k_block, planned += k_block)
      work.blocks.push_back({work.fds.size(), at});
    work.fds.push_back(std::move(*fd));
    if (planned >= k_most_bytes) break;
  }
  return planned >= k_fewest_bytes;
}

}  // namespace

std::optional<Ceiling> read_ceiling(const std::vector<std::string>& files, const std::stop_token& stop) {
  Work work;
  if (!open_all(work, files)) return std::nullopt;
  const os::Stamp begun = os::now();
  {
    std::vector<std::jthread> readers;
    for (unsigned i = 0; i < k_readers; ++i) readers.emplace_back([&] { read_blocks(work, begun, stop); });
  }
  const Seconds took = os::since(begun);
  if (work.failed || stop.stop_requested() || work.done == 0) return std::nullopt;
  return Ceiling{static_cast<double>(work.done) / took.count(),
                 fmt::format("O_DIRECT, {} readers of {}, {} in {}", k_readers, format_bytes(k_block), format_bytes(work.done), format_duration(took))};
}

}  // namespace stoker::bench
