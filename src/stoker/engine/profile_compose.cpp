// Commands: filled in, or composed where the user gave only a model.
#include <algorithm>

#include "stoker/engine/profile.hpp"
#include "stoker/model/weights.hpp"

namespace stoker::engine {
namespace {

// One pass, so that a model path that holds "{port}" stays what it is.
std::string fill_word(const std::string& word, const std::string& model, const std::string& port) {
  std::string filled;
  for (std::size_t at = 0; at < word.size();) {
    if (word.compare(at, 7, "{model}") == 0) {
      filled += model;
      at += 7;
    } else if (word.compare(at, 6, "{port}") == 0) {
      filled += port;
      at += 6;
    } else {
      filled += word[at++];
    }
  }
  return filled;
}

bool is_gguf(const std::string& path) { return path.ends_with(".gguf"); }

// llama-server takes a file; a split model is named by its first part.
Result<std::string> gguf_of(const std::string& path) {
  if (is_gguf(path)) return path;
  auto files = model::weight_files(path);
  if (files) {
    const auto first = std::find_if(files->begin(), files->end(), is_gguf);
    if (first != files->end()) return *first;
  } else if (files.error().kind() != ErrorKind::not_found) {
    return fail(std::move(files).error());
  }
  return fail(ErrorKind::usage, path + " holds no .gguf file, and llama-server loads nothing else; give a GGUF or another --engine");
}

void append(std::vector<std::string>& argv, std::initializer_list<std::string> words) { argv.insert(argv.end(), words); }

}  // namespace

std::vector<std::string> fill_in(std::vector<std::string> argv, const std::string& model, std::uint16_t port) {
  for (auto& word : argv) word = fill_word(word, model, std::to_string(port));
  return argv;
}

Result<std::vector<std::string>> compose(const ComposePlan& plan) {
  const std::string port = std::to_string(plan.port);
  const std::string host = "127.0.0.1";  // a measurement needs no visitors
  std::vector<std::string> argv;
  std::string length_flag;
  switch (plan.kind) {
    case Kind::vllm:
      argv = {"vllm", "serve", plan.model, "--host", host, "--port", port};
      length_flag = "--max-model-len";
      break;
    case Kind::sglang:
      argv = {"python3", "-m", "sglang.launch_server", "--model-path", plan.model, "--host", host, "--port", port};
      length_flag = "--context-length";
      break;
    case Kind::llama_server: {
      TRY_ASSIGN(const std::string file, gguf_of(plan.model));
      argv = {"llama-server", "-m", file, "--host", host, "--port", port};
      length_flag = "-c";
      break;
    }
    case Kind::tgi:
      argv = {"text-generation-launcher", "--model-id", plan.model, "--hostname", host, "--port", port};
      length_flag = "--max-total-tokens";
      break;
    case Kind::lab:
      argv = {plan.self, "lab", "engine", plan.model, "--port", port};
      argv.insert(argv.end(), plan.lab_flags.begin(), plan.lab_flags.end());
      return argv;
    case Kind::command:
      return fail(ErrorKind::usage, "an engine of kind command is started by its own command: give it after --");
  }
  if (plan.max_model_len) append(argv, {length_flag, std::to_string(*plan.max_model_len)});
  return argv;
}

}  // namespace stoker::engine
