// Boundaries and spans on a start's time line → phases that sum to it exactly. Pure; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/units.hpp"
#include "stoker/record/start.hpp"

namespace stoker::engine {

// What becomes of the time before the next boundary when this one was not seen.
enum class Absent {
  unattributed,  // it belongs to two phases and nobody knows where one ended
  skip,          // this phase did not happen: all of it is the next phase's
  join,          // "this+next"
};

struct Boundary {
  std::string phase;  // that ends here
  std::optional<Seconds> at;
  Absent absent = Absent::unattributed;
};

// A part of a phase that has a name of its own: painted over what the boundaries say.
struct Span {
  std::string phase;
  Seconds begin{}, end{};
};

struct Timeline {
  std::vector<Boundary> boundaries;  // in the order in which an engine reaches them
  std::string last;                  // the phase from the last boundary to ready
  std::vector<Span> spans;           // a later one lies over an earlier one
  Seconds ready{};
};

// In the order in which the phases began, "unattributed" last and always there. Boundaries that contradict the order
// count as not seen: the longest chain that agrees is believed. Spans are cut to what lies before ready.
// The seconds are multiples of one power of two, so they sum to `ready` without rounding, in any order.
std::vector<record::Phase> lay_out(const Timeline& timeline);

}  // namespace stoker::engine
