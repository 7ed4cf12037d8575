// Medians, spreads, and differences that are stated only when their interval excludes zero. Pure, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace stoker::record {

struct Spread {
  std::size_t count = 0;
  double median = 0, minimum = 0, maximum = 0, mean = 0, deviation = 0;  // sample standard deviation, 0 for one value
};
std::optional<Spread> spread(std::vector<double> values);  // nothing for no values

// a − b over pairs measured one after the other: mean of the differences and its 95 % interval by Student's t.
// Pairs, because what drifts during an hour (a neighbour, a temperature) then falls out of the difference.
struct Difference {
  std::size_t pairs = 0;
  double mean = 0;
  std::optional<double> low, high;  // nothing for fewer than two pairs
  [[nodiscard]] bool distinct() const { return low && high && (*low > 0 || *high < 0); }
};
Difference difference(const std::vector<double>& a, const std::vector<double>& b);

// Two-sided 95 % quantile of Student's t: from the table up to 30 degrees of freedom, by an expansion around the
// normal distribution after that. Infinite for 0 degrees: one value tells nothing about spread.
double student_t95(std::size_t degrees_of_freedom);

}  // namespace stoker::record
