#include "stoker/base/json.hpp"
#include "stoker/model/tokenizer.hpp"

namespace stoker::model {
namespace {

Json qwen2_config(const Shape& shape) {
  return {{"architectures", {"Qwen2ForCausalLM"}},
          {"attention_dropout", 0.0},
          {"hidden_act", "silu"},
          {"initializer_range", 0.02},
          {"max_position_embeddings", 32768},
          {"max_window_layers", shape.name == "qwen2.5-0.5b" || shape.name == "qwen2.5-1.5b" ? 21 : 28},
          {"model_type", "qwen2"},
          {"rms_norm_eps", 1e-6},
          {"rope_theta", 1000000.0},
          {"sliding_window", shape.tied ? 32768 : 131072},
          {"use_sliding_window", false}};
}

Json phi3_config() {
  return {{"architectures", {"Phi3ForCausalLM"}},
          {"attention_bias", false},
          {"attention_dropout", 0.0},
          {"embd_pdrop", 0.0},
          {"hidden_act", "silu"},
          {"initializer_range", 0.02},
          {"max_position_embeddings", 4096},
          {"model_type", "phi3"},
          {"original_max_position_embeddings", 4096},
          {"resid_pdrop", 0.0},
          {"rms_norm_eps", 1e-05},
          {"rope_scaling", nullptr},
          {"rope_theta", 10000.0},
          {"sliding_window", 2047}};
}

Json llama_config() {
  const Json scaling = {{"factor", 8.0}, {"low_freq_factor", 1.0}, {"high_freq_factor", 4.0}, {"original_max_position_embeddings", 8192}, {"rope_type", "llama3"}};
  return {{"architectures", {"LlamaForCausalLM"}},
          {"attention_bias", false},
          {"attention_dropout", 0.0},
          {"hidden_act", "silu"},
          {"initializer_range", 0.02},
          {"max_position_embeddings", 131072},
          {"mlp_bias", false},
          {"model_type", "llama"},
          {"pretraining_tp", 1},
          {"rms_norm_eps", 1e-05},
          {"rope_scaling", scaling},
          {"rope_theta", 500000.0}};
}

Json family_config(const Shape& shape) {
  if (shape.family == Family::qwen2) return qwen2_config(shape);
  return shape.family == Family::phi3 ? phi3_config() : llama_config();
}

}  // namespace

std::uint64_t longest_context(const Shape& shape) {
  if (shape.family == Family::llama) return 131072;
  return shape.family == Family::phi3 ? 4096 : 32768;
}

std::string config_json(const Shape& shape, const Tokenizer& tokenizer) {
  Json config = family_config(shape);
  config["bos_token_id"] = tokenizer.bos;
  config["eos_token_id"] = tokenizer.eos;
  if (shape.family == Family::phi3) config["pad_token_id"] = tokenizer.pad;
  config["hidden_size"] = shape.hidden;
  config["intermediate_size"] = shape.intermediate;
  config["num_attention_heads"] = shape.heads;
  config["num_hidden_layers"] = shape.layers;
  config["num_key_value_heads"] = shape.kv_heads;
  config["tie_word_embeddings"] = shape.tied;
  config["torch_dtype"] = "bfloat16";
  config["use_cache"] = true;
  config["vocab_size"] = shape.vocabulary;
  return dump_json(config) + "\n";
}

std::string generation_config_json(const Shape& shape, const Tokenizer& tokenizer) {
  Json config = {{"bos_token_id", tokenizer.bos}, {"eos_token_id", {tokenizer.eos, tokenizer.pad}}, {"pad_token_id", tokenizer.pad}};
  if (shape.family != Family::phi3) {
    config["do_sample"] = true;
    config["temperature"] = shape.family == Family::qwen2 ? 0.7 : 0.6;
    config["top_p"] = shape.family == Family::qwen2 ? 0.8 : 0.9;
  }
  if (shape.family == Family::qwen2) {
    config["top_k"] = 20;
    config["repetition_penalty"] = shape.name == "qwen2.5-7b" ? 1.05 : 1.1;
  }
  return dump_json(config) + "\n";
}

}  // namespace stoker::model
