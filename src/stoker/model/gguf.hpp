// GGUF, versions 2 and 3: metadata, tensor infos, aligned tensor bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/model/source.hpp"
#include "stoker/model/weights.hpp"

namespace stoker::model {

// How ggml stores a tensor: blocks of `elements` in `bytes`.
struct GgmlType {
  std::uint32_t id = 0;
  std::string_view name;
  std::uint64_t elements = 1;
  std::uint64_t bytes = 0;
};
std::optional<GgmlType> ggml_type(std::uint32_t id);

struct Gguf {
  std::uint32_t version = 0;
  std::string architecture, name;
  std::uint64_t alignment = 32;
  std::uint64_t split_count = 0;  // 0 when the file is no part of a split
  Shard shard;                    // shapes outermost first, as safetensors writes them
};

// Reads metadata and tensor infos, no tensor byte. Errors: invalid. Lesser faults are appended to `findings`.
Result<Gguf> read_gguf(const Source& source, std::vector<Finding>& findings);

}  // namespace stoker::model
