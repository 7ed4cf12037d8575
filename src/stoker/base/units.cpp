#include "stoker/base/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <fmt/core.h>
#include <utility>

namespace stoker {
namespace {

constexpr double k_largest = 9.2e18;  // just under 2^63: later sums of two still fit in 64 bits

struct Quantity {
  double number;
  std::string_view unit;
};

Result<Quantity> split(std::string_view text, std::string_view what) {
  double number = 0;
  const char* end = text.data() + text.size();
  auto [rest, code] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (code != std::errc() || !std::isfinite(number) || number < 0)
    return fail(ErrorKind::usage, fmt::format("'{}' is not a {}", text, what));
  std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  return Quantity{number, unit};
}

constexpr std::array<std::pair<std::string_view, double>, 20> k_byte_units{{
    {"", 1}, {"B", 1},
    {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}, {"TiB", 1099511627776.0},
    {"Ki", 1024.0}, {"Mi", 1048576.0}, {"Gi", 1073741824.0}, {"Ti", 1099511627776.0},
    {"K", 1024.0}, {"M", 1048576.0}, {"G", 1073741824.0}, {"T", 1099511627776.0},
    {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"b", 1},
}};

constexpr std::array<std::pair<std::string_view, double>, 8> k_time_units{{
    {"", 1}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}, {"m", 60}, {"min", 60}, {"h", 3600},
}};

template <std::size_t N>
Result<double> scaled(std::string_view text, const std::array<std::pair<std::string_view, double>, N>& units,
                      std::string_view what) {
  TRY_ASSIGN(auto quantity, split(text, what));
  for (const auto& [name, factor] : units)
    if (quantity.unit == name && quantity.number * factor <= k_largest) return quantity.number * factor;
  return fail(ErrorKind::usage, fmt::format("'{}' is not a {}", text, what));
}

}  // namespace

Result<Bytes> parse_bytes(std::string_view text) {
  TRY_ASSIGN(double bytes, scaled(text, k_byte_units, "size (write 512MiB, 2GB or plain bytes)"));
  return static_cast<Bytes>(std::llround(bytes));
}

Result<Seconds> parse_duration(std::string_view text) {
  TRY_ASSIGN(double seconds, scaled(text, k_time_units, "time (write 5ms, 30s, 2m or plain seconds)"));
  return Seconds(seconds);
}

Result<Bytes> parse_rate(std::string_view text) {
  if (text.ends_with("/s")) text.remove_suffix(2);
  auto bytes = parse_bytes(text);
  if (!bytes) return fail(ErrorKind::usage, fmt::format("'{}' is not a rate (write 200MiB/s)", text));
  return bytes;
}

std::string format_bytes(Bytes bytes) {
  constexpr std::array<std::string_view, 5> names{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t step = 0;
  while (value >= 1023.5 && step + 1 < names.size()) {
    value /= 1024;
    ++step;
  }
  const int digits = step == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, digits, names[step]);
}

std::string format_rate(double bytes_per_second) {
  constexpr std::array<std::string_view, 4> names{"kB/s", "MB/s", "GB/s", "TB/s"};
  double value = bytes_per_second / 1e3;
  std::size_t step = 0;
  while (value >= 999.5 && step + 1 < names.size()) {
    value /= 1000;
    ++step;
  }
  const int digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, digits, names[step]);
}

std::string format_duration(Seconds seconds) {
  const double value = seconds.count();
  const double size = std::abs(value);
  if (size >= 9.995) return fmt::format("{:.1f} s", value);
  if (size >= 0.9995) return fmt::format("{:.2f} s", value);
  if (size >= 0.0009995) return fmt::format("{:.0f} ms", value * 1e3);
  return fmt::format("{:.0f} us", value * 1e6);
}

}  // namespace stoker
