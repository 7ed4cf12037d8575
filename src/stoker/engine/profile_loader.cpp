// Loaders and the page cache: which flags make a warm cache useless. Measured: residency stayed 0 after a cold load by
// fastsafetensors 0.5, runai 0.17 and InstantTensor 0.2.2.
#include <algorithm>
#include <cctype>

#include "stoker/engine/profile.hpp"
#include "stoker/engine/profile_argv.hpp"

namespace stoker::engine {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void bypass(LoaderFacts& facts, const std::string& flag, const std::string& instead) {
  facts.bypasses_page_cache = true;
  facts.warnings.push_back(flag + " reads past the page cache: warming the weights gives this start nothing, and warm is as cold. " +
                           "To profit from warm weights, start with " + instead + ".");
}

void judge_load_format(LoaderFacts& facts, const std::string& format) {
  const std::string flag = "--load-format " + format;
  if (format == "fastsafetensors" || format == "instanttensor" || format.starts_with("runai_streamer"))
    bypass(facts, flag, "--load-format auto");
  else if (format == "dummy")
    facts.warnings.push_back("--load-format dummy makes up random weights and reads none of the files: this start says nothing about "
                             "storage. Leave the flag out to measure loading.");
  else if (format == "tensorizer" || format == "sharded_state")
    facts.warnings.push_back(flag + " reads a format of its own, not the safetensors files: what is evicted and warmed must be the "
                                    "converted files. Give their folder as the model.");
  else if (format == "remote" || format == "remote_instance")
    facts.warnings.push_back(flag + " takes the weights from another server, not from the files: residency and device bytes say "
                                    "nothing about this start.");
}

void judge_llama(LoaderFacts& facts, const std::vector<std::string>& argv) {
  const auto mode = flag_value(argv, {"--load-mode", "-lm"});
  if (mode && lower(*mode) == "dio")
    bypass(facts, "--load-mode dio", "--load-mode mmap");
  else if (!mode && (has_flag(argv, "--direct-io") || has_flag(argv, "-dio")))
    bypass(facts, "--direct-io", "memory mapping, the default");
}

}  // namespace

LoaderFacts loader_facts(Kind kind, const std::vector<std::string>& argv) {
  LoaderFacts facts;
  const auto arguments = engine_arguments(argv);
  if (kind == Kind::vllm || kind == Kind::sglang)
    if (const auto format = flag_value(arguments, {"--load-format"})) judge_load_format(facts, lower(*format));
  if (kind == Kind::sglang && has_flag(arguments, "--weight-loader-drop-cache-after-load"))
    facts.warnings.push_back("--weight-loader-drop-cache-after-load empties the page cache after each load: every later start is cold "
                             "again. Leave the flag out to keep the weights warm.");
  if (kind == Kind::llama_server) judge_llama(facts, arguments);
  if (kind == Kind::lab)
    if (const auto load = flag_value(arguments, {"--load"}); load && *load == "direct") bypass(facts, "--load direct", "--load mmap");
  return facts;
}

}  // namespace stoker::engine
