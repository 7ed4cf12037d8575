// What an argv really starts, once env, nice, numactl, uv run and their kin are taken off its front.
// Pure functions; thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stoker::engine {

struct Program {
  std::vector<std::string> argv;  // the program and its arguments, wrappers gone; empty when only wrappers stood there
  std::map<std::string, std::optional<std::string>> environment;  // what the wrappers set (VAR=x) or unset (env -u VAR)
  bool by_uv = false;  // `uv run` looks into the project's own environment before PATH
};
Program program_of(const std::vector<std::string>& argv);

// The same inside a container when argv is a container run (entry point in front of the command), else program_of.
// An image's own entry point is not in argv: what is returned then begins with the image's arguments.
std::vector<std::string> engine_arguments(const std::vector<std::string>& argv);

// The module of `python -m MODULE`, "" when argv is something else.
std::string python_module(const std::vector<std::string>& argv);
// "python", "/usr/bin/python3.12", "pypy3".
bool is_python(std::string_view program);
std::string_view base_name(std::string_view path);

// Value of the last `--name V`, `--name=V` or, for one-letter names, `-n V`, `-nV`. vLLM writes - and _ alike.
std::optional<std::string> flag_value(const std::vector<std::string>& argv, const std::vector<std::string>& names);
bool has_flag(const std::vector<std::string>& argv, std::string_view name);

}  // namespace stoker::engine
