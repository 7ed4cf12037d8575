// The most that a path gives: direct sequential reads, several at a time, of the very files an engine will read.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace stoker::bench {

struct Ceiling {
  double bytes_per_s = 0;
  std::string method;  // "O_DIRECT, 8 readers of 4 MiB, 2.0 GiB in 0.8 s"
};

// Bounded: at most 2 GiB and 3 s. Nothing where O_DIRECT is refused (tmpfs, some FUSE), the files are
// tiny, or on stop.
std::optional<Ceiling> read_ceiling(const std::vector<std::string>& files, const std::stop_token& stop);

}  // namespace stoker::bench
