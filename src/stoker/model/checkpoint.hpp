// Checkpoints of torch: a zip file around a pickle, or the format before it. Listed, never executed.
#pragma once

#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/model/source.hpp"
#include "stoker/model/weights.hpp"

namespace stoker::model {

// Tensors where the pickle can be followed, else the members of the archive as they are. Imports that run
// code when loaded become findings. Errors: invalid.
Result<Shard> read_checkpoint(const Source& source, std::vector<Finding>& findings);

}  // namespace stoker::model
