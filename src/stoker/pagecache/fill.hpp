// Making files resident, by reading them with a small reused buffer.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::pagecache {

// Reads all pages of the files that are not resident yet, in the order given, several ranges at a time.
// Errors: cancelled, io, no_space when the files do not fit into memory (host and cgroup).
Status fill(const std::vector<std::string>& files, const std::stop_token& stop);

}  // namespace stoker::pagecache
