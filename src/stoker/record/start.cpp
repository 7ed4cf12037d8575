#include "stoker/record/start.hpp"

#include <array>
#include <numeric>
#include <utility>

namespace stoker::record {
namespace {

constexpr std::array<std::pair<Mode, std::string_view>, 4> k_modes{{
    {Mode::cold, "cold"},
    {Mode::warm, "warm"},
    {Mode::prewarm_cold, "prewarm_cold"},
    {Mode::prewarm_warm, "prewarm_warm"},
}};

constexpr std::array<std::pair<ColdScope, std::string_view>, 3> k_scopes{{
    {ColdScope::weights, "weights"},
    {ColdScope::all, "all"},
    {ColdScope::fresh, "fresh"},
}};

template <class T, std::size_t N>
std::string_view name_of(T value, const std::array<std::pair<T, std::string_view>, N>& names) {
  for (const auto& [known, name] : names)
    if (known == value) return name;
  return "unknown";
}

template <class T, std::size_t N>
std::optional<T> value_named(std::string_view wanted, const std::array<std::pair<T, std::string_view>, N>& names) {
  for (const auto& [value, name] : names)
    if (name == wanted) return value;
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Mode mode) { return name_of(mode, k_modes); }
std::optional<Mode> mode_named(std::string_view name) { return value_named(name, k_modes); }
std::string_view to_string(ColdScope scope) { return name_of(scope, k_scopes); }
std::optional<ColdScope> cold_scope_named(std::string_view name) { return value_named(name, k_scopes); }

std::string Start::why_invalid() const {
  if (counts()) return {};
  if (!invalid_reason.empty()) return invalid_reason;
  if (exit && !exit->empty()) return *exit;
  return valid ? "never ready" : "no reason was recorded";
}

std::optional<std::uint64_t> Start::gpu_mem_used_mb() const {
  if (!gpu || gpu->ready.empty()) return std::nullopt;
  constexpr Bytes k_mb = 1'000'000;
  return (std::accumulate(gpu->ready.begin(), gpu->ready.end(), Bytes{0}) + k_mb / 2) / k_mb;
}

}  // namespace stoker::record
