// Whether the tensors of a file follow each other: holes, overlaps, bytes after the last.
#pragma once

#include <vector>

#include "stoker/model/weights.hpp"

namespace stoker::model {

struct DataArea {
  Bytes begin = 0;      // where the first tensor may start
  Bytes alignment = 1;  // gaps that padding to it explains are no holes
};

// Sorts the tensors of `shard` by offset and appends what is wrong with their order to `findings`, at most
// a few of a kind: one broken header must not fill a screen.
void check_extents(Shard& shard, const DataArea& area, std::vector<Finding>& findings);

}  // namespace stoker::model
