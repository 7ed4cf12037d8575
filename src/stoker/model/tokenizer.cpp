#include "stoker/model/tokenizer.hpp"

#include <fmt/core.h>

#include "stoker/base/json.hpp"

namespace stoker::model {
namespace {

std::string utf8(unsigned code) {
  if (code < 0x80) return {static_cast<char>(code)};
  return {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
}

// The printable stand-in of a byte in byte-level BPE: itself where it prints, else the next code from 256 on.
std::vector<std::string> byte_alphabet() {
  std::vector<std::string> alphabet;
  unsigned next = 256;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    alphabet.push_back(utf8(prints ? byte : next++));
  }
  return alphabet;
}

struct Specials {
  std::vector<std::string> tokens;
  std::uint32_t bos, eos, pad;  // places among them
  std::string chat_template;
};

Specials specials_of(Family family) {
  const std::string loop = "{% for m in messages %}";
  const std::string end = "{% endfor %}{% if add_generation_prompt %}";
  switch (family) {
    case Family::qwen2:
      return {{"<|endoftext|>", "<|im_start|>", "<|im_end|>"}, 0, 2, 0,
              loop + "{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}" + end + "{{ '<|im_start|>assistant\n' }}{% endif %}"};
    case Family::phi3:
      return {{"<s>", "<|endoftext|>", "<|assistant|>", "<|system|>", "<|end|>", "<|user|>"}, 0, 4, 1,
              loop + "{{ '<|' + m['role'] + '|>\n' + m['content'] + '<|end|>\n' }}" + end + "{{ '<|assistant|>\n' }}{% endif %}"};
    case Family::llama:
      return {{"<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}, 0, 4, 1,
              "{{ '<|begin_of_text|>' }}" + loop + "{{ '<|start_header_id|>' + m['role'] + '<|end_header_id|>\n\n' + m['content'] + '<|eot_id|>' }}" + end +
                  "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"};
  }
  return {};
}

Json added_token(const Tokenizer& tokenizer, std::uint32_t id) {
  return {{"id", id}, {"content", tokenizer.tokens[id]}, {"single_word", false}, {"lstrip", false}, {"rstrip", false}, {"normalized", false}, {"special", true}};
}

Json byte_level() { return {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}}; }

}  // namespace

Tokenizer tokenizer_of(Family family) {
  Tokenizer tokenizer;
  tokenizer.tokens = byte_alphabet();
  const std::string blank = utf8(256 + 32);
  tokenizer.merges = {"h e", "l l", "o r", "he ll", "hell o", "l d", blank + " w", blank + "w or", blank + "wor ld"};
  for (std::string merged : tokenizer.merges) tokenizer.tokens.push_back(merged.erase(merged.find(' '), 1));
  tokenizer.first_special = static_cast<std::uint32_t>(tokenizer.tokens.size());
  Specials specials = specials_of(family);
  tokenizer.tokens.insert(tokenizer.tokens.end(), specials.tokens.begin(), specials.tokens.end());
  tokenizer.bos = tokenizer.first_special + specials.bos;
  tokenizer.eos = tokenizer.first_special + specials.eos;
  tokenizer.pad = tokenizer.first_special + specials.pad;
  tokenizer.chat_template = std::move(specials.chat_template);
  return tokenizer;
}

std::string tokenizer_json(const Tokenizer& tokenizer) {
  Json vocabulary = Json::object();
  Json added = Json::array();
  for (std::uint32_t id = 0; id < tokenizer.tokens.size(); ++id) {
    if (id < tokenizer.first_special)
      vocabulary[tokenizer.tokens[id]] = id;
    else
      added.push_back(added_token(tokenizer, id));
  }
  const Json model = {{"type", "BPE"},       {"dropout", nullptr},      {"unk_token", nullptr},     {"continuing_subword_prefix", nullptr}, {"end_of_word_suffix", nullptr},
                      {"fuse_unk", false},   {"byte_fallback", false},  {"ignore_merges", false},   {"vocab", vocabulary},                  {"merges", tokenizer.merges}};
  const Json document = {{"version", "1.0"},           {"truncation", nullptr},          {"padding", nullptr},      {"added_tokens", added}, {"normalizer", nullptr},
                         {"pre_tokenizer", byte_level()}, {"post_processor", nullptr}, {"decoder", byte_level()}, {"model", model}};
  return dump_json(document) + "\n";
}

std::string tokenizer_config_json(const Tokenizer& tokenizer, std::uint64_t longest) {
  const Json document = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                         {"bos_token", tokenizer.tokens[tokenizer.bos]},
                         {"eos_token", tokenizer.tokens[tokenizer.eos]},
                         {"pad_token", tokenizer.tokens[tokenizer.pad]},
                         {"clean_up_tokenization_spaces", false},
                         {"model_max_length", longest},
                         {"chat_template", tokenizer.chat_template}};
  return dump_json(document) + "\n";
}

}  // namespace stoker::model
