#include "stoker/lab/slowpath_queue.hpp"

#include <algorithm>

namespace stoker::lab {
namespace {

// The kernel bounds readahead and asynchronous reads itself; plain reads are one a client's thread. Past this
// the device is not read further: an entry and libfuse's request take some 500 bytes, so 8 MiB in all.
constexpr std::size_t k_most_waiting = 16384;

}  // namespace

void DueQueue::book(Bytes bytes, Work work) {
  const os::Stamp arrival = os::now();
  std::unique_lock lock(m_mutex);
  m_room.wait(lock, [this] { return m_closed || m_schedule.size() < k_most_waiting; });
  if (m_closed) {
    lock.unlock();
    return work.refuse();
  }
  const os::Stamp due = m_link.due(arrival, bytes);
  const auto earliest = m_schedule.earliest();
  m_schedule.add(due, std::move(work));
  ++m_counts.requests;
  m_counts.max_in_flight = std::max(m_counts.max_in_flight, m_schedule.size());
  if (!m_timed)
    m_idle.notify_one();
  else if (!earliest || due < *earliest)
    m_earlier.notify_one();
}

// One thread waits for the time, so that a due request wakes one and not all of them. It hands that duty on
// before it answers.
std::optional<Work> DueQueue::next() {
  std::unique_lock lock(m_mutex);
  while (!m_closed) {
    const auto due = m_schedule.earliest();
    if (m_timed || !due) {
      m_idle.wait(lock);
    } else if (auto work = m_schedule.take(os::now())) {
      if (m_schedule.size() > 0) m_idle.notify_one();
      m_room.notify_one();
      return work;
    } else {
      m_timed = true;
      m_earlier.wait_until(lock, *due);
      m_timed = false;
    }
  }
  return std::nullopt;
}

void DueQueue::serve(std::span<std::byte> buffer) {
  while (const auto work = next()) work->answer(buffer);
}

void DueQueue::close() {
  std::vector<Work> rest;
  {
    const std::scoped_lock lock(m_mutex);
    m_closed = true;
    rest = m_schedule.take_all();
  }
  m_earlier.notify_all();
  m_idle.notify_all();
  m_room.notify_all();
  for (const auto& work : rest) work.refuse();
}

DueQueue::Counts DueQueue::counts() const {
  const std::scoped_lock lock(m_mutex);
  return m_counts;
}

}  // namespace stoker::lab
