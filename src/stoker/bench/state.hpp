// The state of the page cache at exec: set, then proved; and after the start, whether the bytes bear it out.
#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/os/mounts.hpp"
#include "stoker/record/start.hpp"

namespace stoker::bench {

// Sets the weight files to what `mode` wants and proves it into start.residency_before (and warm_s for the
// pre-warm modes). What cannot be set or proved makes the start invalid, with the reason; it is no error.
// Errors: cancelled, and what the files themselves refuse (io, not_found).
// `below` are files that the weights' own filesystem lies on (the image of a loop device): their pages are a cache of
// the weights too, and must go as well.
struct Weights {
  std::vector<std::string> files;
  std::vector<std::string> below;
};
Status prepare_weights(record::Mode mode, const Weights& weights, record::Start& start, const std::stop_token& stop);

// After the engine was ready: residency_after, the split of the device's bytes into weights and the rest, and
// for a cold start the second half of the proof: the weight bytes must also have come from the device or over
// the network. `hidden_cache` names a cache below the page cache that can be neither emptied nor told from the device
// (ZFS's ARC): on such a path nothing is ever proved cold.
struct Reading {
  std::string filesystem;  // its type, "ext4"
  std::string hidden_cache;
  bool direct = false;     // the loader reads past the page cache: its flags say so, or the files were seen open with O_DIRECT
};
void account_weights(record::Mode mode, const std::vector<std::string>& weights, const Reading& reading, record::Start& start);

void make_invalid(record::Start& start, std::string reason);

}  // namespace stoker::bench
