// When a request over a slow path is answered: its latency, and its turn on a link that all requests share.
// Pure: time comes in as arguments. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"
#include "stoker/os/clock.hpp"

namespace stoker::lab {

struct PathShape {
  Bytes bandwidth = 0;  // bytes per second of all requests together; 0: no cap
  Seconds latency{0};   // of each request, from its arrival
};

// Errors: usage. Bounds that keep every due time within the clock's range.
Status check(const PathShape& shape);

// The bytes of requests cross one after the other, in the order they arrived; waiting for latency overlaps.
class Link {
public:
  explicit Link(const PathShape& shape);
  // Books the bytes. The later of two moments: arrival + latency, and when the link has carried the bytes.
  // A link that was idle starts at the arrival: what it could have carried before is lost.
  os::Stamp due(os::Stamp arrival, Bytes bytes);

private:
  os::Clock::duration m_latency;
  double m_bandwidth;
  os::Stamp m_free{};  // when the last booked byte has crossed
};

// One of the two is called, once: answer with a buffer to read into, or refuse when the path goes away.
struct Work {
  std::function<void(std::span<std::byte> buffer)> answer;
  std::function<void()> refuse;
};

// Work by due time; what is due at the same moment in the order of arrival.
class Schedule {
public:
  void add(os::Stamp due, Work work);
  [[nodiscard]] std::optional<os::Stamp> earliest() const;
  // The earliest, when it is due at `now`.
  std::optional<Work> take(os::Stamp now);
  // All of it, due or not.
  std::vector<Work> take_all();
  [[nodiscard]] std::size_t size() const { return m_heap.size(); }

private:
  struct Entry {
    os::Stamp due;
    std::uint64_t number;  // of arrival
    Work work;
  };
  static bool later(const Entry& a, const Entry& b) { return a.due != b.due ? a.due > b.due : a.number > b.number; }

  std::vector<Entry> m_heap;
  std::uint64_t m_next = 0;
};

}  // namespace stoker::lab
