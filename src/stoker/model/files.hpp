// Which files of a folder are its weights, and by which index. What inspect() needs beyond weight_files().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/model/index.hpp"
#include "stoker/model/weights.hpp"

namespace stoker::model {

struct Chosen {
  Format format = Format::safetensors;
  std::vector<std::string> files;
  std::optional<Index> index;  // when one named the files
  std::string index_path;
};

// Errors: those of weight_files.
Result<Chosen> choose_files(const std::string& path);

}  // namespace stoker::model
