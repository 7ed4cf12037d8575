// A byte-level BPE tokenizer that every engine accepts: 256 bytes, a few merges, the special tokens of the
// family. It can write any text, and its ids fit into a vocabulary of 1024 rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stoker/model/shapes.hpp"

namespace stoker::model {

struct Tokenizer {
  std::vector<std::string> tokens;    // by id: bytes, merged tokens, special ones
  std::vector<std::string> merges;    // "h e"
  std::uint32_t first_special = 0;    // from here on tokens are special
  std::uint32_t bos = 0, eos = 0, pad = 0;
  std::string chat_template;          // Jinja
};
Tokenizer tokenizer_of(Family family);

// tokenizer.json and tokenizer_config.json of the hub.
std::string tokenizer_json(const Tokenizer& tokenizer);
std::string tokenizer_config_json(const Tokenizer& tokenizer, std::uint64_t longest);

// config.json and generation_config.json, as the originals' but for token ids and dimensions that were shrunk.
std::string config_json(const Shape& shape, const Tokenizer& tokenizer);
std::string generation_config_json(const Shape& shape, const Tokenizer& tokenizer);
std::uint64_t longest_context(const Shape& shape);

}  // namespace stoker::model
