// From a command to the Python interpreter that will run it, by reading the script's first lines. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoker/engine/profile_argv.hpp"

namespace stoker::engine {

struct Launcher {
  std::string interpreter;  // as the script names it, or as PATH finds it
  std::string script;       // "" when Python itself is called
};

// `script` is the path of the file that begins with `head`. Understands "#!/path/python", "#!/usr/bin/env [-S] python3",
// and what pip and uv write when the path is too long or holds blanks:
//     #!/bin/sh
//     '''exec' "/long path/python" "$0" "$@"
// with uv's relocatable form, where the path is the script's own folder.
std::optional<std::string> interpreter_named(std::string_view head, const std::string& script);

// Nothing when the program is not found or is no Python.
std::optional<Launcher> launcher_of(const Program& program);

}  // namespace stoker::engine
