// Making files resident, by reading them with a small reused buffer.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/os/root.hpp"

namespace stoker::pagecache {

// Reads all pages of the files that are not resident yet, in the order given, several ranges at a time.
// A file whose residency is unknown is read whole. `root` is where memory facts come from.
// Errors: those of measure; cancelled, io; no_space when the files do not fit into memory (host and cgroup).
// Thread-safe; uses eight threads of its own while it runs.
Status fill(const std::vector<std::string>& files, const std::stop_token& stop, const os::Root& root = {});

}  // namespace stoker::pagecache
