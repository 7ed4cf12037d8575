// Places that come from the environment, looked up here and nowhere below.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/cli/command.hpp"
#include "stoker/model/reference.hpp"

namespace stoker::cli {

std::optional<std::string> environment(const char* name);  // empty counts as unset

// /var/lib/stoker as root, $XDG_DATA_HOME/stoker (~/.local/share/stoker) without.
std::string default_store();

model::Places places(const Globals& globals);

// MODEL as given, else MODEL_PATH, else MODEL. Errors: usage when none is there; those of locate().
Result<model::Located> locate_model(const std::string& given, const Globals& globals);

// Every regular file below the paths, in order, each once. Errors: not_found, usage for no paths.
Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths);

}  // namespace stoker::cli
