#include "stoker/engine/phases_timeline.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace stoker::engine {
namespace {

constexpr const char* k_unattributed = "unattributed";

using Ticks = std::int64_t;

// Time as whole multiples of the last bit of `ready`: at most 2^53 of them, so every sum below is exact.
class Grid {
public:
  explicit Grid(double ready)
      : m_ready(ready), m_unit(std::nextafter(ready, std::numeric_limits<double>::infinity()) - ready) {}
  [[nodiscard]] Ticks ticks(Seconds at) const {
    if (!(at.count() > 0)) return 0;  // NaN too
    return static_cast<Ticks>(std::nearbyint(std::min(at.count(), m_ready) / m_unit));
  }
  [[nodiscard]] double seconds(Ticks ticks) const { return static_cast<double>(ticks) * m_unit; }

private:
  double m_ready, m_unit;
};

struct Segment {
  std::string phase;
  Ticks begin = 0, end = 0;
};

// The longest chain of boundaries whose stamps do not fall; the others lose theirs.
void keep_agreeing(std::vector<Boundary>& boundaries) {
  const std::size_t count = boundaries.size();
  std::vector<std::size_t> length(count, 0), before(count, count);
  std::size_t best = count;
  for (std::size_t i = 0; i < count; ++i) {
    if (!boundaries[i].at) continue;
    length[i] = 1;
    for (std::size_t j = 0; j < i; ++j) {
      if (!boundaries[j].at || *boundaries[j].at > *boundaries[i].at || length[j] + 1 <= length[i]) continue;
      length[i] = length[j] + 1;
      before[i] = j;
    }
    if (best == count || length[i] > length[best]) best = i;
  }
  std::vector<bool> kept(count, false);
  for (std::size_t i = best; i < count; i = before[i]) kept[i] = true;
  for (std::size_t i = 0; i < count; ++i)
    if (!kept[i]) boundaries[i].at.reset();
}

std::vector<Segment> between(const std::vector<Boundary>& boundaries, const std::string& last, const Grid& grid, Ticks ready) {
  std::vector<Segment> segments;
  Ticks begin = 0;
  std::string joined;
  bool known = true;
  const auto close = [&](const std::string& phase, Ticks end) {
    segments.push_back({known ? joined + phase : k_unattributed, begin, end});
    begin = end;
    joined.clear();
    known = true;
  };
  for (const auto& boundary : boundaries) {
    if (boundary.at)
      close(boundary.phase, grid.ticks(*boundary.at));
    else if (boundary.absent == Absent::unattributed)
      known = false;
    else if (boundary.absent == Absent::join)
      joined += boundary.phase + "+";
  }
  close(last, ready);
  return segments;
}

void paint(std::vector<Segment>& segments, const Segment& span) {
  if (span.end <= span.begin) return;
  std::vector<Segment> painted;
  bool placed = false;
  for (const auto& old : segments) {
    const bool apart = old.end <= span.begin || old.begin >= span.end;
    if (old.begin >= span.end && !placed) {
      painted.push_back(span);
      placed = true;
    }
    if (apart) {
      painted.push_back(old);
      continue;
    }
    if (old.begin < span.begin) painted.push_back({old.phase, old.begin, span.begin});
    if (old.end > span.end) {
      painted.push_back(span);
      placed = true;
      painted.push_back({old.phase, span.end, old.end});
    }
  }
  if (!placed) painted.push_back(span);
  segments = std::move(painted);
}

std::vector<record::Phase> added_up(const std::vector<Segment>& segments, const Grid& grid) {
  std::vector<std::pair<std::string, Ticks>> sums;
  Ticks unattributed = 0;
  for (const auto& segment : segments) {
    const Ticks length = segment.end - segment.begin;
    const auto known = std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == segment.phase; });
    if (segment.phase == k_unattributed)
      unattributed += length;
    else if (known != sums.end())
      known->second += length;
    else
      sums.emplace_back(segment.phase, length);
  }
  std::vector<record::Phase> phases;
  for (const auto& [name, ticks] : sums) phases.push_back({name, grid.seconds(ticks)});
  phases.push_back({k_unattributed, grid.seconds(unattributed)});
  return phases;
}

}  // namespace

std::vector<record::Phase> lay_out(const Timeline& timeline) {
  const double ready = timeline.ready.count();
  if (!(ready > 0) || !std::isfinite(ready)) return {{k_unattributed, 0}};
  const Grid grid(ready);
  auto boundaries = timeline.boundaries;
  for (auto& boundary : boundaries)
    if (boundary.at && !(boundary.at->count() <= ready)) boundary.at.reset();
  keep_agreeing(boundaries);
  auto segments = between(boundaries, timeline.last, grid, grid.ticks(timeline.ready));
  for (const auto& span : timeline.spans) paint(segments, {span.phase, grid.ticks(span.begin), grid.ticks(span.end)});
  return added_up(segments, grid);
}

}  // namespace stoker::engine
