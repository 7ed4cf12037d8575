// The quick witness: cachestat(2), which counts folios where mincore(2) looks at every page.
#pragma once

#include <optional>

#include "stoker/base/units.hpp"
#include "stoker/os/fd.hpp"

namespace stoker::pagecache {

// Resident bytes among the first `bytes` of the file. Nothing where the kernel has no cachestat (before
// 6.5) or refuses it, and on every filesystem but those whose files are known to hold their own pages.
// Thread-safe.
std::optional<Bytes> resident_by_cachestat(const os::Fd& fd, Bytes bytes);

}  // namespace stoker::pagecache
