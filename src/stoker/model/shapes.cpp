#include "stoker/model/shapes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "stoker/base/text.hpp"
#include "stoker/model/synthetic.hpp"

namespace stoker::model {
namespace {

constexpr Bytes k_gb = 1'000'000'000;

class TensorList {
public:
  void matrix(std::string name, std::uint64_t rows, std::uint64_t columns) { m_tensors.push_back({std::move(name), {rows, columns}, Content::matrix}); }
  void bias(std::string name, std::uint64_t elements) { m_tensors.push_back({std::move(name), {elements}, Content::bias}); }
  void norm(std::string name, std::uint64_t elements) { m_tensors.push_back({std::move(name), {elements}, Content::norm}); }
  std::vector<SyntheticTensor> take() { return std::move(m_tensors); }

private:
  std::vector<SyntheticTensor> m_tensors;
};

void add_phi_layer(TensorList& list, const Shape& shape, const std::string& prefix) {
  const std::uint64_t qkv = shape.hidden + 2 * shape.kv_heads * shape.head();
  list.matrix(prefix + "self_attn.o_proj.weight", shape.hidden, shape.hidden);
  list.matrix(prefix + "self_attn.qkv_proj.weight", qkv, shape.hidden);
  list.matrix(prefix + "mlp.gate_up_proj.weight", 2 * shape.intermediate, shape.hidden);
  list.matrix(prefix + "mlp.down_proj.weight", shape.hidden, shape.intermediate);
}

void add_split_layer(TensorList& list, const Shape& shape, const std::string& prefix) {
  const bool biased = shape.family == Family::qwen2;
  const std::uint64_t kv = shape.kv_heads * shape.head();
  for (const auto& [name, rows] : {std::pair{"q", shape.hidden}, std::pair{"k", kv}, std::pair{"v", kv}}) {
    list.matrix(fmt::format("{}self_attn.{}_proj.weight", prefix, name), rows, shape.hidden);
    if (biased) list.bias(fmt::format("{}self_attn.{}_proj.bias", prefix, name), rows);
  }
  list.matrix(prefix + "self_attn.o_proj.weight", shape.hidden, shape.hidden);
  list.matrix(prefix + "mlp.gate_proj.weight", shape.intermediate, shape.hidden);
  list.matrix(prefix + "mlp.up_proj.weight", shape.intermediate, shape.hidden);
  list.matrix(prefix + "mlp.down_proj.weight", shape.hidden, shape.intermediate);
}

void add_norms(TensorList& list, const Shape& shape, const std::string& prefix) {
  list.norm(prefix + "input_layernorm.weight", shape.hidden);
  list.norm(prefix + "post_attention_layernorm.weight", shape.hidden);
}

void add_gguf_attention(TensorList& list, const Shape& shape, const std::string& prefix) {
  const std::uint64_t kv = shape.kv_heads * shape.head();
  if (shape.family == Family::phi3) return list.matrix(prefix + "attn_qkv.weight", shape.hidden + 2 * kv, shape.hidden);
  for (const auto& [name, rows] : {std::pair{"q", shape.hidden}, std::pair{"k", kv}, std::pair{"v", kv}}) {
    list.matrix(fmt::format("{}attn_{}.weight", prefix, name), rows, shape.hidden);
    if (shape.family == Family::qwen2) list.bias(fmt::format("{}attn_{}.bias", prefix, name), rows);
  }
}

void add_gguf_layer(TensorList& list, const Shape& shape, const std::string& prefix) {
  list.norm(prefix + "attn_norm.weight", shape.hidden);
  add_gguf_attention(list, shape, prefix);
  list.matrix(prefix + "attn_output.weight", shape.hidden, shape.hidden);
  list.norm(prefix + "ffn_norm.weight", shape.hidden);
  const bool fused = shape.family == Family::phi3;
  if (!fused) list.matrix(prefix + "ffn_gate.weight", shape.intermediate, shape.hidden);
  list.matrix(prefix + "ffn_up.weight", fused ? 2 * shape.intermediate : shape.intermediate, shape.hidden);
  list.matrix(prefix + "ffn_down.weight", shape.hidden, shape.intermediate);
}

}  // namespace

const std::vector<Shape>& known_shapes() {
  static const std::vector<Shape> shapes{
      {"qwen2.5-0.5b", Family::qwen2, 896, 4864, 14, 2, 151936, 24, true, 5 * k_gb, false},
      {"qwen2.5-1.5b", Family::qwen2, 1536, 8960, 12, 2, 151936, 28, true, 5 * k_gb, false},
      {"phi-3-mini-4k", Family::phi3, 3072, 8192, 32, 32, 32064, 32, false, 5 * k_gb, false},
      {"qwen2.5-7b", Family::qwen2, 3584, 18944, 28, 4, 152064, 28, false, 4 * k_gb, true},
      {"llama-3.1-8b", Family::llama, 4096, 14336, 32, 8, 128256, 32, false, 5 * k_gb, false},
  };
  return shapes;
}

std::vector<std::string> shape_names() {
  std::vector<std::string> names;
  for (const Shape& shape : known_shapes()) names.emplace_back(shape.name);
  return names;
}

Result<Shape> find_shape(const std::string& name) {
  std::string wanted = name;
  std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view k_instruct = "-instruct";
  if (wanted.ends_with(k_instruct)) wanted.resize(wanted.size() - k_instruct.size());
  for (const Shape& shape : known_shapes())
    if (shape.name == wanted) return shape;
  const std::string near = nearest(wanted, shape_names());
  return fail(ErrorKind::usage, fmt::format("unknown shape '{}'{}: known are {}", printable(name, 80), near.empty() ? "" : ", did you mean " + near + "?",
                                            join(shape_names(), ", ")));
}

std::uint64_t SyntheticTensor::elements() const {
  std::uint64_t product = 1;
  for (const std::uint64_t extent : shape) product *= extent;
  return product;
}

std::vector<SyntheticTensor> hub_tensors(const Shape& shape) {
  TensorList list;
  list.matrix("model.embed_tokens.weight", shape.vocabulary, shape.hidden);
  for (std::uint32_t layer = 0; layer < shape.layers; ++layer) {
    const std::string prefix = fmt::format("model.layers.{}.", layer);
    if (shape.norms_first) add_norms(list, shape, prefix);
    shape.family == Family::phi3 ? add_phi_layer(list, shape, prefix) : add_split_layer(list, shape, prefix);
    if (!shape.norms_first) add_norms(list, shape, prefix);
  }
  list.norm("model.norm.weight", shape.hidden);
  if (!shape.tied) list.matrix("lm_head.weight", shape.vocabulary, shape.hidden);
  return list.take();
}

std::vector<SyntheticTensor> gguf_tensors(const Shape& shape) {
  TensorList list;
  list.matrix("token_embd.weight", shape.vocabulary, shape.hidden);
  for (std::uint32_t layer = 0; layer < shape.layers; ++layer) add_gguf_layer(list, shape, fmt::format("blk.{}.", layer));
  list.norm("output_norm.weight", shape.hidden);
  if (!shape.tied) list.matrix("output.weight", shape.vocabulary, shape.hidden);
  return list.take();
}

}  // namespace stoker::model
