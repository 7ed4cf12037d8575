#include "stoker/bench/state.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "stoker/base/text.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/pagecache/evict.hpp"
#include "stoker/pagecache/fill.hpp"
#include "stoker/pagecache/residency.hpp"

namespace stoker::bench {
namespace {

// How much of what became resident the device must have given for a start to count as cold. Less than all, since
// a shared device's counter and ours are read at slightly different times; far more than a hidden cache leaves.
constexpr double k_cold_share = 0.95;

Status evict_files(const std::vector<std::string>& files, record::Start& start) {
  TRY_ASSIGN(const auto evictions, pagecache::evict(files));
  for (const auto& eviction : evictions) {
    if (eviction.after && *eviction.after == 0) continue;
    make_invalid(start, eviction.after ? fmt::format("not cold: {} of {} stayed in memory: {}", format_bytes(*eviction.after), eviction.path, eviction.reason)
                                       : fmt::format("cold cannot be proved: {}: {}", eviction.path, eviction.reason));
    break;
  }
  return {};
}

// Errors of fill() that say "this memory cannot hold it" make the run invalid; others end the bench.
Status fill_weights(const std::vector<std::string>& weights, record::Start& start, const std::stop_token& stop) {
  const auto filled = pagecache::fill(weights, stop);
  if (filled) return {};
  if (filled.error().kind() != ErrorKind::no_space) return filled;
  make_invalid(start, "not warm: " + filled.error().message());
  return {};
}

Status prove(record::Mode mode, const std::vector<std::string>& weights, record::Start& start) {
  TRY_ASSIGN(const auto files, pagecache::measure_all(weights));
  const auto total = pagecache::total(files);
  start.weight_bytes = total.bytes;
  start.residency_before = total.fraction();
  if (!total.resident) {
    for (const auto& file : files)
      if (!file.resident) make_invalid(start, fmt::format("residency unknown: {}: {}", file.path, file.reason));
    return {};
  }
  const bool cold = mode == record::Mode::cold;
  if (cold && *total.resident != 0) make_invalid(start, fmt::format("not cold: {} resident just before the start", format_bytes(*total.resident)));
  if (!cold && *total.resident != total.bytes)
    make_invalid(start, fmt::format("not warm: {} of {} resident just before the start", format_bytes(*total.resident), format_bytes(total.bytes)));
  return {};
}

struct Observed {
  Bytes newly_resident = 0;
  std::optional<Bytes> read;  // the larger of device and tree: either may see what the other cannot
  bool direct = false;        // past the page cache, by evidence
};

void split_device_bytes(const Observed& observed, record::Start& start) {
  if (!start.device_read_bytes) return;
  const Bytes weights = observed.direct ? std::min(start.weight_bytes, start.tree_read_bytes.value_or(start.weight_bytes)) : observed.newly_resident;
  start.device_weight_bytes = std::min(weights, *start.device_read_bytes);
  start.device_other_bytes = *start.device_read_bytes - *start.device_weight_bytes;
}

bool comes_over_mount(const std::string& filesystem) {
  const auto kind = os::kind_of_filesystem(filesystem);
  return kind == os::FilesystemKind::network || kind == os::FilesystemKind::fuse;
}

void prove_cold_by_bytes(const Reading& reading, const Observed& observed, record::Start& start) {
  if (!reading.hidden_cache.empty()) return make_invalid(start, "cold cannot be proved: " + reading.hidden_cache);
  if (observed.newly_resident == 0 && !observed.direct)
    return make_invalid(start, "not a start of these weights: none of their bytes were read through the page cache, and no process had them open with O_DIRECT");
  const Bytes needed = observed.direct ? start.weight_bytes : observed.newly_resident;
  if (!observed.read)
    return make_invalid(start, "cold cannot be proved: neither the device's nor the processes' read bytes can be seen here");
  if (static_cast<double>(*observed.read) < k_cold_share * static_cast<double>(needed))
    make_invalid(start, fmt::format("not cold: {} of weights were wanted but only {} came from the device; a cache that this kernel does not show",
                                    format_bytes(needed), format_bytes(*observed.read)));
  else if (!observed.direct && observed.newly_resident < start.weight_bytes - start.weight_bytes / 10)
    start.notes.push_back(fmt::format("the engine read {} of {} of weights", format_bytes(observed.newly_resident), format_bytes(start.weight_bytes)));
}

}  // namespace

void make_invalid(record::Start& start, std::string reason) {
  start.valid = false;
  if (start.invalid_reason.empty()) start.invalid_reason = printable(reason, 1000);
}

Status prepare_weights(record::Mode mode, const Weights& weights, record::Start& start, const std::stop_token& stop) {
  using record::Mode;
  if (mode == Mode::cold || mode == Mode::prewarm_cold) {
    TRY(evict_files(weights.files, start));
    TRY(evict_files(weights.below, start));
  }
  if (mode != Mode::cold) {
    const os::Stamp begun = os::now();
    TRY(fill_weights(weights.files, start, stop));
    if (mode != Mode::warm) start.warm_s = os::since(begun).count();
  }
  return prove(mode, weights.files, start);
}

void account_weights(record::Mode mode, const std::vector<std::string>& weights, const Reading& reading, record::Start& start) {
  const auto files = pagecache::measure_all(weights);
  Observed observed;
  if (files) {
    const auto total = pagecache::total(*files);
    start.residency_after = total.fraction();
    const auto before = static_cast<Bytes>(start.residency_before.value_or(0) * static_cast<double>(total.bytes));
    observed.newly_resident = total.resident.value_or(0) - std::min(before, total.resident.value_or(0));
  }
  // FUSE reads are counted nowhere; what is new in the page cache of a mount came over it.
  if (comes_over_mount(reading.filesystem) && start.device_read_bytes.value_or(0) < observed.newly_resident) {
    start.device_read_bytes = observed.newly_resident;
    start.device_read_source = "what became resident of the mount";
  }
  if (start.device_read_bytes || start.tree_read_bytes)
    observed.read = std::max(start.device_read_bytes.value_or(0), start.tree_read_bytes.value_or(0));
  // Flags may promise direct reads that a fallback did not make: what became resident came through the page cache.
  observed.direct = reading.direct && observed.newly_resident < start.weight_bytes / 20;
  split_device_bytes(observed, start);
  if (mode == record::Mode::cold && start.valid) prove_cold_by_bytes(reading, observed, start);
}

}  // namespace stoker::bench
