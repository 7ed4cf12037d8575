// The index of a sharded model: which file holds which tensor.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stoker/base/result.hpp"

namespace stoker::model {

struct Index {
  std::vector<std::string> shards;                            // file names, sorted, each once
  std::vector<std::pair<std::string, std::size_t>> tensors;   // name → place in shards, as written
};

// The text of *.index.json. Errors: invalid: no JSON, no weight_map, a tensor twice, a shard name that
// leaves the folder. The message does not name the file.
Result<Index> parse_index(std::string_view text);

}  // namespace stoker::model
