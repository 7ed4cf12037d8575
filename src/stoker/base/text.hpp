// Small work on text: splitting, trimming, and making foreign text safe to print.
#pragma once

#include <cstdint>

#include <string>
#include <string_view>
#include <vector>

namespace stoker {

std::vector<std::string_view> split(std::string_view text, char separator);
// Fields between runs of blanks (space, tab), as in /proc files.
std::vector<std::string_view> split_blank(std::string_view text);
std::string_view trim(std::string_view text);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// The whole of text as a decimal number; false when it is anything else.
bool parse_number(std::string_view text, std::uint64_t& number);

// Foreign text for a terminal, a log or a Markdown cell: control characters and invalid UTF-8
// become \xNN, and what is longer than `limit` bytes is cut with "…".
std::string printable(std::string_view foreign, std::size_t limit = 400);

// An argument as a POSIX shell would need it written.
std::string shell_quote(std::string_view argument);
std::string shell_quote(const std::vector<std::string>& argv);

// "did you mean" : the candidate nearest to word, empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace stoker
