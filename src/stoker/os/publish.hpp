// Files that appear whole or not at all, and files that several processes append to.
#pragma once

#include <string>
#include <string_view>

#include "stoker/base/result.hpp"

namespace stoker::os {

// Private temp beside `path` → write → fsync → rename → fsync folder. On failure the old file stays.
Status publish_text(const std::string& path, std::string_view text);

struct Append {
  std::string_view header;  // written first, when the file is new or empty
  std::string_view lines;   // each ends with '\n'
};

// Appends under an exclusive flock, in one write, synced. A last line that a crash cut short is
// ended with a newline first. Errors: invalid when the file begins with another header.
Status append_lines(const std::string& path, const Append& what);

}  // namespace stoker::os
