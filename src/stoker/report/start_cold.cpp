// What "cold" means in this report, and whether the bytes that were read bear it out.
#include <fmt/core.h>

#include <algorithm>

#include "stoker/report/figures.hpp"
#include "stoker/report/markdown.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {
namespace {

using record::Mode;

// Headers, alignment and a tail that nobody reads: a loader need not touch every byte of a file.
constexpr double k_borne_out = 0.95;

std::string scope_sentence(record::ColdScope scope) {
  switch (scope) {
    case record::ColdScope::weights:
      return "Evicted before each cold start: the weight files. The engine's own files stayed as they were, so this is a restart on a "
             "node that has run the engine before, not the first start after a reboot.";
    case record::ColdScope::all:
      return "Evicted before each cold start: the weight files and the engine's own files (packages, libraries, caches on disk). This "
             "is the first start after a reboot; compile and JIT caches still exist on disk.";
    case record::ColdScope::fresh:
      return "Evicted before each cold start: the weight files and the engine's own files; compile and JIT caches were empty and "
             "there was no bytecode. This is the first start of a fresh container.";
  }
  return {};
}

std::string proof(const std::vector<const record::Start*>& cold) {
  std::optional<double> most;
  for (const auto* start : cold)
    if (start->residency_before) most = std::max(most.value_or(0), *start->residency_before);
  if (!most) return "Residency before the start could not be measured.";
  if (*most == 0) return "Just before exec, the page cache held nothing of the weights in any valid cold start.";
  return fmt::format("Just before exec, the page cache held at most {} of the weights in any valid cold start.", share(most));
}

std::string unseen(const record::HostFacts& host) {
  if (host.filesystem_kind == "network")
    return "Cold in this guest's page cache only: the storage server's own cache cannot be seen from here.";
  if (host.filesystem_kind == "memory") return "The weights lie in memory: no start from here can be cold.";
  if (host.filesystem == "zfs") return "ZFS keeps a cache of its own that residency does not show.";
  if (!host.virtualization.empty())
    return fmt::format("Cold in this guest ({}): a hypervisor's or a storage server's cache cannot be seen from here.",
                       inline_text(host.virtualization));
  return "Cold on this machine: caches inside the device or its controller cannot be seen from here.";
}

std::string borne_out(const record::StartBench& bench, const std::vector<const record::Start*>& cold) {
  const auto read = median_of(cold, &record::Start::device_weight_bytes);
  if (!read) return "How much of the weights came from the device was not measured: that the starts were cold rests on residency alone.";
  if (bench.weight_bytes == 0) return {};
  const double fraction = *read / static_cast<double>(bench.weight_bytes);
  const std::string source = cold.front()->device_read_source.empty() ? "unknown source" : inline_text(cold.front()->device_read_source);
  const std::string figures = fmt::format("A cold start read {} of its {} of weights from the device ({}, median)", bytes(read),
                                          format_bytes(bench.weight_bytes), source);
  if (fraction >= k_borne_out) return figures + ": that bears it out.";
  const double touched = median_of(cold, &record::Start::residency_after).value_or(0);
  if (touched > 0 && fraction >= k_borne_out * touched)
    return figures + fmt::format(": that bears it out, since only {} of the files were touched at all.", share(touched));
  if (touched > 0 && (bench.host.filesystem_kind == "network" || bench.host.filesystem_kind == "fuse"))
    return fmt::format("No counter of a device shows what came over the mount; after a cold start {} of the weights were in the page cache.",
                       share(touched));
  return figures + fmt::format(", {}: that does not bear it out. Either the engine does not read every byte, or a cache below gave the rest.",
                               share(fraction));
}

std::string warm_contrast(const record::StartBench& bench) {
  const auto read = median_of(counting(bench, Mode::warm), &record::Start::device_weight_bytes);
  return read ? fmt::format(" A warm start read {}.", bytes(read)) : "";
}

}  // namespace

std::string cold_section(const StartView& view) {
  const auto cold = counting(view.bench, Mode::cold);
  if (cold.empty()) return {};
  return fmt::format("## What cold means here\n\n- {}\n- {}\n- {}\n- {}{}\n", scope_sentence(view.bench.cold_scope), proof(cold),
                     unseen(view.bench.host), borne_out(view.bench, cold), warm_contrast(view.bench));
}

}  // namespace stoker::report
