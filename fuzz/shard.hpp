// What every accepted shard must hold, whatever its bytes were.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <span>

#include "stoker/model/source.hpp"
#include "stoker/model/weights.hpp"

namespace stoker::model {

inline Source fuzz_source(const std::uint8_t* data, std::size_t size) { return memory_source("fuzz", std::as_bytes(std::span(data, size))); }

inline void check_shard(const Shard& shard) {
  for (const Tensor& tensor : shard.tensors)
    if (tensor.offset != 0 && (tensor.offset > shard.bytes || tensor.bytes > shard.bytes - tensor.offset)) std::abort();
}

}  // namespace stoker::model
