#include "stoker/record/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace stoker::record {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double deviation_of(const std::vector<double>& values, double mean) {
  if (values.size() < 2) return 0;
  double squares = 0;
  for (double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

}  // namespace

std::optional<Spread> spread(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  Spread result;
  result.count = values.size();
  result.median = values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  result.minimum = values.front();
  result.maximum = values.back();
  result.mean = mean_of(values);
  result.deviation = deviation_of(values, result.mean);
  return result;
}

Difference difference(const std::vector<double>& a, const std::vector<double>& b) {
  Difference result;
  result.pairs = std::min(a.size(), b.size());
  if (result.pairs == 0) return result;
  std::vector<double> differences;
  for (std::size_t i = 0; i < result.pairs; ++i) differences.push_back(a[i] - b[i]);
  result.mean = mean_of(differences);
  if (result.pairs < 2) return result;
  const double error = deviation_of(differences, result.mean) / std::sqrt(static_cast<double>(result.pairs));
  const double half = student_t95(result.pairs - 1) * error;
  result.low = result.mean - half;
  result.high = result.mean + half;
  return result;
}

double student_t95(std::size_t degrees_of_freedom) {
  // The table that every textbook prints, to three digits after the point.
  constexpr std::array<double, 30> table{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                                         2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                                         2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
  if (degrees_of_freedom == 0) return std::numeric_limits<double>::infinity();
  if (degrees_of_freedom <= table.size()) return table[degrees_of_freedom - 1];
  // Cornish-Fisher, two terms: within 0.0002 of the true quantile from 31 degrees on.
  constexpr double z = 1.959964;
  const auto v = static_cast<double>(degrees_of_freedom);
  return z + (z * z * z + z) / (4 * v) + (5 * std::pow(z, 5) + 16 * z * z * z + 3 * z) / (96 * v * v);
}

}  // namespace stoker::record
