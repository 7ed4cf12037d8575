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
Status prepare_weights(record::Mode mode, const std::vector<std::string>& weights, record::Start& start, const std::stop_token& stop);

// After the engine was ready: residency_after, the split of the device's bytes into weights and the rest, and
// for a cold start the second half of the proof: the weight bytes must also have come from the device or over
// the network. A cache that the page cache does not show (ZFS's own, a loop device's backing file) is caught here.
// `filesystem` is what the weights lie on; `bypasses` says that the loader reads past the page cache.
struct Reading {
  os::FilesystemKind filesystem = os::FilesystemKind::unknown;
  bool bypasses = false;
};
void account_weights(record::Mode mode, const std::vector<std::string>& weights, const Reading& reading, record::Start& start);

void make_invalid(record::Start& start, std::string reason);

}  // namespace stoker::bench
