// The architectures that synthetic models imitate: their dimensions and their tensors by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::model {

enum class Family { qwen2, phi3, llama };

struct Shape {
  std::string_view name;  // "qwen2.5-0.5b"
  Family family = Family::qwen2;
  std::uint64_t hidden = 0, intermediate = 0, heads = 0, kv_heads = 0, vocabulary = 0;
  std::uint32_t layers = 0;
  bool tied = false;          // no lm_head: the embedding serves as one
  Bytes shard_limit = 0;      // of tensor bytes, as the original was split
  bool norms_first = false;   // in the original's order of a layer, which decides where its shards end
  [[nodiscard]] std::uint64_t head() const { return hidden / heads; }
};

// The shapes we know, smallest first.
const std::vector<Shape>& known_shapes();
// Any case, with or without "-instruct". Errors: usage, with the nearest name.
Result<Shape> find_shape(const std::string& name);

enum class Content { matrix, bias, norm };

struct SyntheticTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // outermost first
  Content content = Content::matrix;
  [[nodiscard]] std::uint64_t elements() const;
};

// In the order in which the original's layers hold them: that decides where a shard ends.
std::vector<SyntheticTensor> hub_tensors(const Shape& shape);
// The same model under the names of llama.cpp.
std::vector<SyntheticTensor> gguf_tensors(const Shape& shape);

}  // namespace stoker::model
