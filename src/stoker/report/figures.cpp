#include "stoker/report/figures.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/core.h>
#include <numeric>

namespace stoker::report {
namespace {

template <class T>
std::optional<double> median(const std::vector<const record::Start*>& starts, std::optional<T> record::Start::*field) {
  std::vector<double> values;
  for (const auto* start : starts)
    if (start->*field) values.push_back(static_cast<double>(*(start->*field)));
  const auto spread = record::spread(std::move(values));
  return spread ? std::optional(spread->median) : std::nullopt;
}

}  // namespace

std::vector<const record::Start*> counting(const record::StartBench& bench, record::Mode mode) {
  std::vector<const record::Start*> starts;
  for (const auto& start : bench.starts)
    if (start.mode == mode && start.counts()) starts.push_back(&start);
  return starts;
}

std::optional<double> median_of(const std::vector<const record::Start*>& starts, std::optional<Bytes> record::Start::*field) {
  return median(starts, field);
}
std::optional<double> median_of(const std::vector<const record::Start*>& starts, std::optional<double> record::Start::*field) {
  return median(starts, field);
}

double answered(const record::Start& start) { return start.first_token_s.value_or(start.load_s.value_or(0)); }

std::string seconds(std::optional<double> value) {
  if (!value) return k_unmeasured;
  return *value == 0 ? "0 s" : format_duration(Seconds(*value));
}

std::string bytes(std::optional<double> value) {
  return value ? format_bytes(static_cast<Bytes>(std::llround(std::max(*value, 0.0)))) : k_unmeasured;
}
std::string bytes(std::optional<Bytes> value) { return value ? format_bytes(*value) : k_unmeasured; }

std::string decimal_bytes(Bytes value) {
  std::string text = format_rate(static_cast<double>(value));
  return text.substr(0, text.rfind("/s"));
}

Bytes total(const std::vector<Bytes>& devices) { return std::accumulate(devices.begin(), devices.end(), Bytes{0}); }

std::string share(std::optional<double> fraction) {
  if (!fraction) return k_unmeasured;
  const double percent = *fraction * 100;
  if (percent == 0 || percent == 100) return fmt::format("{:.0f} %", percent);
  if (percent > 0 && percent < 0.1) return "<0.1 %";
  if (percent > 99.9 && percent < 100) return ">99.9 %";
  return fmt::format("{:.{}f} %", percent, percent >= 9.95 && percent < 99 ? 0 : 1);
}

std::string ratio(double value) { return fmt::format("{:.{}f}", value, std::abs(value) >= 9.995 ? 1 : 2); }

std::string interval(const record::Difference& difference) {
  if (!difference.low || !difference.high) return "no interval";
  return fmt::format("{} to {}", seconds(difference.low), seconds(difference.high));
}

std::string counted(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string sentence_case(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text;
}

}  // namespace stoker::report
