// What the kernel asks of a slow path through FUSE, answered from the source folder when its time has come.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "stoker/lab/slowpath_queue.hpp"
#include "stoker/lab/slowpath_source.hpp"

struct fuse_req;
struct fuse_lowlevel_ops;

namespace stoker::lab {

inline constexpr Bytes k_largest_read = k_mib;  // what the kernel asks for at once; each serving thread has a buffer of it

// Thread-safe. Must outlive the FUSE session that has it as user data.
class View {
public:
  struct OpenFile;
  struct OpenFolder;

  View(SourceTree& source, DueQueue& queue) : m_source(source), m_queue(queue) {}
  ~View();
  static const fuse_lowlevel_ops& operations();

  struct Counts {
    std::uint64_t reads = 0;
    Bytes bytes = 0;  // answered to reads
  };
  [[nodiscard]] Counts counts() const { return {m_reads, m_bytes}; }

  // For the operations, which are C functions and find this object in their request.
  [[nodiscard]] SourceTree& source() { return m_source; }
  // Answers when due; an error of `answer` becomes the request's errno.
  void at_due(fuse_req* request, Bytes bytes, std::function<Status(std::span<std::byte> buffer)> answer);
  // Descriptors that clients hold, by number. A stray number gives nothing.
  std::uint64_t keep(std::shared_ptr<OpenFile> file);
  std::uint64_t keep(std::shared_ptr<OpenFolder> folder);
  std::shared_ptr<OpenFile> file(std::uint64_t handle);
  std::shared_ptr<OpenFolder> folder(std::uint64_t handle);
  void release(std::uint64_t handle);
  void count_read(Bytes bytes);

private:
  SourceTree& m_source;
  DueQueue& m_queue;
  std::atomic<std::uint64_t> m_reads{0};
  std::atomic<Bytes> m_bytes{0};
  std::mutex m_mutex;
  std::uint64_t m_next_handle = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<OpenFile>> m_files;
  std::unordered_map<std::uint64_t, std::shared_ptr<OpenFolder>> m_folders;
};

}  // namespace stoker::lab
