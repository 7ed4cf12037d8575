#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "stoker/model/image.hpp"
#include "stoker/model/tokenizer.hpp"

namespace stoker::model {
namespace {

constexpr Bytes k_alignment = 32;
constexpr std::uint32_t k_f32 = 0, k_bf16 = 30;  // ggml's numbers
constexpr std::uint32_t k_mostly_bf16 = 32;      // general.file_type
enum TokenType : std::int32_t { normal = 1, control = 3, unused = 5 };

// Key-value pairs of a GGUF header, with their type numbers.
class Pairs {
public:
  void u32(const std::string& key, std::uint64_t value) { typed(key, 4), number(value, 4); }
  void f32(const std::string& key, float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    typed(key, 6), number(bits, 4);
  }
  void boolean(const std::string& key, bool value) { typed(key, 7), number(value ? 1 : 0, 1); }
  void text(const std::string& key, const std::string& value) { typed(key, 8), counted(value); }
  void texts(const std::string& key, const std::vector<std::string>& values) {
    typed(key, 9), number(8, 4), number(values.size(), 8);
    for (const std::string& value : values) counted(value);
  }
  void i32s(const std::string& key, const std::vector<std::int32_t>& values) {
    typed(key, 9), number(5, 4), number(values.size(), 8);
    for (const std::int32_t value : values) number(static_cast<std::uint32_t>(value), 4);
  }

  void number(std::uint64_t value, unsigned width) {
    for (unsigned i = 0; i < width; ++i) m_bytes += static_cast<char>(value >> (8 * i) & 0xff);
  }
  void counted(const std::string& value) {
    number(value.size(), 8);
    m_bytes += value;
  }
  [[nodiscard]] const std::string& bytes() const { return m_bytes; }
  [[nodiscard]] std::uint64_t count() const { return m_count; }

private:
  void typed(const std::string& key, std::uint32_t type) {
    ++m_count;
    counted(key);
    number(type, 4);
  }
  std::string m_bytes;
  std::uint64_t m_count = 0;
};

struct Naming {
  std::string architecture, pre;
  float epsilon, rope_theta;
};
Naming naming_of(Family family) {
  if (family == Family::qwen2) return {"qwen2", "qwen2", 1e-6F, 1e6F};
  if (family == Family::phi3) return {"phi3", "gpt-2", 1e-5F, 1e4F};
  return {"llama", "llama-bpe", 1e-5F, 5e5F};
}

void add_architecture(Pairs& pairs, const Shape& shape) {
  const Naming naming = naming_of(shape.family);
  const std::string prefix = naming.architecture + ".";
  pairs.text("general.architecture", naming.architecture);
  pairs.text("general.name", fmt::format("{} (synthetic)", shape.name));
  pairs.u32("general.alignment", k_alignment);
  pairs.u32("general.file_type", k_mostly_bf16);
  pairs.u32(prefix + "block_count", shape.layers);
  pairs.u32(prefix + "context_length", longest_context(shape));
  pairs.u32(prefix + "embedding_length", shape.hidden);
  pairs.u32(prefix + "feed_forward_length", shape.intermediate);
  pairs.u32(prefix + "attention.head_count", shape.heads);
  pairs.u32(prefix + "attention.head_count_kv", shape.kv_heads);
  pairs.f32(prefix + "attention.layer_norm_rms_epsilon", naming.epsilon);
  pairs.f32(prefix + "rope.freq_base", naming.rope_theta);
  pairs.u32(prefix + "rope.dimension_count", shape.head());
  if (shape.family == Family::phi3) pairs.u32(prefix + "attention.sliding_window", 2047);
  if (shape.family == Family::phi3) pairs.u32(prefix + "rope.scaling.original_context_length", 4096);
  pairs.u32(prefix + "vocab_size", shape.vocabulary);
}

void add_tokenizer(Pairs& pairs, const Shape& shape) {
  Tokenizer tokenizer = tokenizer_of(shape.family);
  std::vector<std::int32_t> types(tokenizer.tokens.size(), TokenType::control);
  std::fill_n(types.begin(), tokenizer.first_special, TokenType::normal);
  types.resize(static_cast<std::size_t>(shape.vocabulary), TokenType::unused);
  // llama.cpp wants as many tokens as the embedding has rows.
  for (std::size_t id = tokenizer.tokens.size(); id < shape.vocabulary; ++id) tokenizer.tokens.push_back(fmt::format("[PAD{}]", id));
  pairs.text("tokenizer.ggml.model", "gpt2");
  pairs.text("tokenizer.ggml.pre", naming_of(shape.family).pre);
  pairs.texts("tokenizer.ggml.tokens", tokenizer.tokens);
  pairs.i32s("tokenizer.ggml.token_type", types);
  pairs.texts("tokenizer.ggml.merges", tokenizer.merges);
  pairs.u32("tokenizer.ggml.bos_token_id", tokenizer.bos);
  pairs.u32("tokenizer.ggml.eos_token_id", tokenizer.eos);
  pairs.u32("tokenizer.ggml.padding_token_id", tokenizer.pad);
  pairs.boolean("tokenizer.ggml.add_bos_token", false);
  pairs.text("tokenizer.chat_template", tokenizer.chat_template);
}

Bytes align_up(Bytes value) { return (value + k_alignment - 1) / k_alignment * k_alignment; }

// Tensor infos: name, dimensions innermost first, type, offset into the data area.
std::string infos_of(const std::vector<SyntheticTensor>& tensors, std::uint64_t seed, FileImage& image) {
  Pairs infos;
  Bytes end = 0;
  for (const SyntheticTensor& tensor : tensors) {
    const bool wide = tensor.content != Content::matrix;
    infos.counted(tensor.name);
    infos.number(tensor.shape.size(), 4);
    for (auto extent = tensor.shape.rbegin(); extent != tensor.shape.rend(); ++extent) infos.number(*extent, 8);
    infos.number(wide ? k_f32 : k_bf16, 4);
    infos.number(end, 8);
    const Bytes bytes = tensor.elements() * (wide ? 4 : 2);
    image.extents.push_back({end, bytes, stream_of(seed, tensor.name), wide ? Element::f32 : Element::bf16, tensor.content == Content::norm});
    end = align_up(end + bytes);
  }
  image.bytes = end;
  return infos.bytes();
}

}  // namespace

FileImage gguf_image(const Shape& shape, std::uint64_t seed) {
  FileImage image{"model.gguf", {}, {}, 0};
  const std::vector<SyntheticTensor> tensors = gguf_tensors(shape);
  const std::string infos = infos_of(tensors, seed, image);
  Pairs pairs;
  add_architecture(pairs, shape);
  add_tokenizer(pairs, shape);
  Pairs head;
  head.number(0x46554747, 4);  // "GGUF"
  head.number(3, 4);
  head.number(tensors.size(), 8);
  head.number(pairs.count(), 8);
  image.header = head.bytes() + pairs.bytes() + infos;
  image.header.resize(static_cast<std::size_t>(align_up(image.header.size())), '\0');
  for (Extent& extent : image.extents) extent.offset += image.header.size();
  image.bytes += image.header.size();
  return image;
}

}  // namespace stoker::model
