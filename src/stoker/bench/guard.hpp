// Whether this node may be measured on: nobody else's GPU work or mapped files are in the way.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/gpu/nvml.hpp"

namespace stoker::bench {

// Errors: busy, naming the pids, when another process computes on a GPU or maps one of the files.
Status node_is_free(const std::vector<std::string>& files, const std::optional<gpu::Nvml>& nvml);

}  // namespace stoker::bench
