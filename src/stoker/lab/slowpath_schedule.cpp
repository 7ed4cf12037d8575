#include "stoker/lab/slowpath_schedule.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace stoker::lab {
namespace {

// The slowest modem's rate, and more patience than any client has. With a bounded number of requests in
// flight, no due time is further than some months away, where the clock reaches 292 years.
constexpr Bytes k_least_bandwidth = 4 * k_kib;
constexpr Seconds k_most_latency{60};

os::Clock::duration ticks(Seconds seconds) { return std::chrono::duration_cast<os::Clock::duration>(seconds); }

}  // namespace

Status check(const PathShape& shape) {
  if (shape.bandwidth != 0 && shape.bandwidth < k_least_bandwidth)
    return fail(ErrorKind::usage, fmt::format("a bandwidth of {}/s: at least {}/s, or 0 for no cap", format_bytes(shape.bandwidth),
                                              format_bytes(k_least_bandwidth)));
  if (shape.latency > k_most_latency)
    return fail(ErrorKind::usage, fmt::format("a latency of {}: at most {}", format_duration(shape.latency), format_duration(k_most_latency)));
  return {};
}

Link::Link(const PathShape& shape) : m_latency(ticks(shape.latency)), m_bandwidth(static_cast<double>(shape.bandwidth)) {}

os::Stamp Link::due(os::Stamp arrival, Bytes bytes) {
  const os::Stamp answered = arrival + m_latency;
  if (m_bandwidth <= 0 || bytes == 0) return answered;
  m_free = std::max(m_free, arrival) + ticks(Seconds(static_cast<double>(bytes) / m_bandwidth));
  return std::max(answered, m_free);
}

void Schedule::add(os::Stamp due, Work work) {
  m_heap.push_back({due, m_next++, std::move(work)});
  std::push_heap(m_heap.begin(), m_heap.end(), later);
}

std::optional<os::Stamp> Schedule::earliest() const {
  if (m_heap.empty()) return std::nullopt;
  return m_heap.front().due;
}

std::optional<Work> Schedule::take(os::Stamp now) {
  if (m_heap.empty() || m_heap.front().due > now) return std::nullopt;
  std::pop_heap(m_heap.begin(), m_heap.end(), later);
  Work work = std::move(m_heap.back().work);
  m_heap.pop_back();
  return work;
}

std::vector<Work> Schedule::take_all() {
  std::vector<Work> all;
  for (auto& entry : m_heap) all.push_back(std::move(entry.work));
  m_heap.clear();
  return all;
}

}  // namespace stoker::lab
