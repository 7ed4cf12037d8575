// Requests of a slow path that wait for their due time, and the threads that answer them then.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>

#include "stoker/lab/slowpath_schedule.hpp"

namespace stoker::lab {

// Thread-safe. However many requests wait, only threads that answer are busy: a request costs its entry here.
class DueQueue {
public:
  explicit DueQueue(const PathShape& shape) : m_link(shape) {}

  // Takes a request that arrived now and moves `bytes`. Waits for room when very many wait already;
  // refuses the work at once when closed.
  void book(Bytes bytes, Work work);
  // Answers what becomes due, until closed. Any number of threads, each with a buffer of its own.
  void serve(std::span<std::byte> buffer);
  // Refuses what still waits; serve returns.
  void close();

  struct Counts {
    std::uint64_t requests = 0;
    std::size_t max_in_flight = 0;  // that waited for their due time at once
  };
  [[nodiscard]] Counts counts() const;

private:
  std::optional<Work> next();

  mutable std::mutex m_mutex;
  Link m_link;
  Schedule m_schedule;
  Counts m_counts;
  bool m_closed = false;
  bool m_timed = false;               // one thread waits for the earliest due time; the others for its word
  std::condition_variable m_earlier;  // to that one: there is an earlier due time
  std::condition_variable m_idle;     // to one of the others: nobody waits for the time
  std::condition_variable m_room;
};

}  // namespace stoker::lab
