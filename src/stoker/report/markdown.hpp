// The few forms of Markdown that reports use, with foreign text made harmless. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stoker::report {

// Foreign text inside a sentence or a table cell: control characters as \xNN, and every character that GitHub's
// Markdown could take for markup, a column or a formula escaped.
std::string inline_text(std::string_view foreign);

// Lines of foreign text in a fence longer than any run of backticks inside.
std::string fenced(const std::vector<std::string>& lines, std::string_view language = "text");

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // cells already escaped for the form that is asked for
};

// A pipe table with padded columns, readable without a renderer; "" without rows.
std::string markdown(const Table& table);
// Columns of blanks for a terminal, without a newline at the end.
std::string plain(const Table& table);

}  // namespace stoker::report
