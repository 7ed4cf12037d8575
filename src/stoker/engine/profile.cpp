#include "stoker/engine/profile.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stoker/base/text.hpp"
#include "stoker/engine/container.hpp"
#include "stoker/engine/profile_argv.hpp"

namespace stoker::engine {
namespace {

constexpr std::array<std::pair<Kind, std::string_view>, 6> k_names{{{Kind::vllm, "vllm"},
                                                                    {Kind::sglang, "sglang"},
                                                                    {Kind::llama_server, "llama-server"},
                                                                    {Kind::tgi, "tgi"},
                                                                    {Kind::lab, "lab"},
                                                                    {Kind::command, "command"}}};

Kind kind_of_module(std::string_view module) {
  if (module.starts_with("vllm.entrypoints") || module == "vllm") return Kind::vllm;
  if (module.starts_with("sglang.launch_server") || module == "sglang" || module.starts_with("sglang.cli")) return Kind::sglang;
  return Kind::command;
}

// `stoker [global flags] lab engine …`
bool is_lab_engine(const std::vector<std::string>& argv) {
  if (!base_name(argv.front()).starts_with("stoker")) return false;
  const auto lab = std::find(argv.begin() + 1, argv.end(), "lab");
  return lab != argv.end() && lab + 1 != argv.end() && *(lab + 1) == "engine";
}

Kind kind_of_program(std::vector<std::string> argv) {
  if (argv.empty()) return Kind::command;
  if (const auto module = python_module(argv); !module.empty()) return kind_of_module(module);
  // `python /opt/venv/bin/vllm serve …`: the script is what runs.
  while (is_python(argv.front()) && argv.size() > 1 && argv[1].starts_with('-') && argv[1] != "-c") argv.erase(argv.begin() + 1);
  if (is_python(argv.front()) && argv.size() > 1) argv.erase(argv.begin());
  const std::string_view name = base_name(argv.front());
  const bool serves = argv.size() > 1 && argv[1] == "serve";
  if (name == "vllm" && serves) return Kind::vllm;
  if (name == "sglang" && serves) return Kind::sglang;
  if (name == "llama-server") return Kind::llama_server;
  if (name == "text-generation-launcher") return Kind::tgi;
  if (is_lab_engine(argv)) return Kind::lab;
  return Kind::command;
}

// "host/owner/name:tag@digest" → the last two parts of the name, and the tag.
std::pair<std::string, std::string> image_parts(std::string image) {
  image = image.substr(0, image.find('@'));
  std::string tag;
  const auto colon = image.rfind(':');
  if (colon != std::string::npos && image.find('/', colon) == std::string::npos) {
    tag = image.substr(colon + 1);
    image.resize(colon);
  }
  const auto last = image.rfind('/');
  const auto before = last == std::string::npos || last == 0 ? std::string::npos : image.rfind('/', last - 1);
  return {before == std::string::npos ? image : image.substr(before + 1), tag};
}

Kind kind_of_image(const std::string& image) {
  const auto [name, tag] = image_parts(image);
  if (name.starts_with("vllm/vllm-openai") || name == "rocm/vllm" || name.starts_with("rocm/vllm-")) return Kind::vllm;
  if (name == "lmsysorg/sglang") return Kind::sglang;
  if ((name == "ggml-org/llama.cpp" || name == "ggerganov/llama.cpp") && tag.starts_with("server")) return Kind::llama_server;
  if (name == "huggingface/text-generation-inference") return Kind::tgi;
  return Kind::command;
}

Kind kind_of_container(const ContainerCommand& container, const std::vector<std::string>& argv) {
  const Kind inside = kind_of_program(engine_arguments(argv));
  // An entry point of the user's own replaces the image's: only what it says counts.
  if (inside != Kind::command || flag_value(argv, {"--entrypoint"})) return inside;
  return kind_of_image(container.image);
}

std::optional<std::uint16_t> port_number(const std::optional<std::string>& text) {
  std::uint64_t number = 0;
  if (!text || !parse_number(*text, number) || number == 0 || number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

std::optional<std::uint16_t> port_of_program(Kind kind, const std::vector<std::string>& argv) {
  if (kind == Kind::tgi) return port_number(flag_value(argv, {"--port", "-p"}));
  return port_number(flag_value(argv, {"--port"}));
}

// Behind a published port; the image may listen elsewhere than we think, so a single mapping is believed as it is.
std::optional<std::uint16_t> published_port(Kind kind, const ContainerCommand& container, std::optional<std::uint16_t> inside) {
  if (container.ports.size() == 1) return container.ports.front().first;
  const std::uint16_t wanted = inside.value_or(default_port(kind));
  for (const auto& [host, target] : container.ports)
    if (target == wanted) return host;
  return std::nullopt;
}

}  // namespace

std::string_view to_string(Kind kind) {
  for (const auto& [known, name] : k_names)
    if (known == kind) return name;
  return "command";
}

std::optional<Kind> kind_named(std::string_view name) {
  for (const auto& [kind, known] : k_names)
    if (known == name) return kind;
  return std::nullopt;
}

Readiness readiness_of(Kind kind) {
  switch (kind) {
    // vLLM binds its port at once and listens when the engine is up; /health has answered 200 on a broken GPU.
    case Kind::vllm:
    case Kind::tgi: return {{"/v1/models"}, true, true};
    // SGLang and llama-server may list models while they still load; /health answers 503 until then.
    case Kind::sglang:
    case Kind::llama_server: return {{"/health"}, false, true};
    case Kind::lab: return {{"/health"}, false, false};
    case Kind::command: break;
  }
  return {{"/health", "/v1/models"}, false, true};
}

Kind detect(const std::vector<std::string>& argv) {
  const auto program = program_of(argv).argv;
  if (const auto container = parse_container(program)) return kind_of_container(*container, program);
  return kind_of_program(program);
}

std::optional<std::uint16_t> port_in(Kind kind, const std::vector<std::string>& argv) {
  const auto inside = port_of_program(kind, engine_arguments(argv));
  const auto container = parse_container(program_of(argv).argv);
  if (!container || container->host_network) return inside;
  return published_port(kind, *container, inside);
}

std::uint16_t default_port(Kind kind) {
  switch (kind) {
    case Kind::sglang: return 30000;
    case Kind::llama_server: return 8080;
    case Kind::tgi: return 3000;
    case Kind::vllm:
    case Kind::lab:
    case Kind::command: break;
  }
  return 8000;
}

std::map<std::string, std::optional<std::string>> environment_in(const std::vector<std::string>& argv) {
  return program_of(argv).environment;
}

}  // namespace stoker::engine
