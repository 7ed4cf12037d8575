// A slow path: a read-only view of a folder that behaves as a network path does. Each request waits the latency,
// all share one bandwidth, as many as the kernel sends are in flight; the kernel's page cache stays on.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "stoker/lab/slowpath_mount.hpp"
#include "stoker/lab/slowpath_schedule.hpp"

namespace stoker::lab {

struct SlowPathPlan {
  std::string source;  // folder; must not change meanwhile: attributes are cached for a day
  std::string point;   // empty folder
  PathShape shape;
};

struct SlowPathUse {
  std::uint64_t requests = 0;     // that were answered after the latency; what the kernel had cached is none
  std::uint64_t reads = 0;        // of them
  Bytes bytes = 0;                // answered to reads
  std::size_t max_in_flight = 0;  // that waited at once
  Seconds seconds{0};             // from mounted to unmounted
  Unmounted unmounted = Unmounted::cleanly;
};

// Mounts, calls `mounted` once, serves until stop or until somebody else unmounts it, unmounts.
// A source in the page cache or in memory keeps the path true to its figures: its own read comes after the due time.
// Errors: those of check, check_fuse, check_places, SourceTree::open and FuseMount.
Result<SlowPathUse> run_slowpath(const SlowPathPlan& plan, const std::function<void()>& mounted, const std::stop_token& stop);

}  // namespace stoker::lab
