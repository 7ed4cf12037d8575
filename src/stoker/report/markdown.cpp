#include "stoker/report/markdown.hpp"

#include <algorithm>

#include "stoker/base/text.hpp"

namespace stoker::report {
namespace {

constexpr std::size_t k_longest_cell = 2000;   // a path or a reason is shorter; a pasted log is not a cell
constexpr std::size_t k_longest_line = 8000;   // an engine's command with its JSON flags fits
constexpr std::size_t k_widest_padding = 60;   // one long note must not stretch every row

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80) != 0;
}

// snake_case needs no backslash: between letters an underscore is no emphasis.
bool inside_word(std::string_view text, std::size_t at) {
  return at > 0 && at + 1 < text.size() && is_word(text[at - 1]) && is_word(text[at + 1]);
}

// Columns on a terminal, near enough: one a code point.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& cell, std::size_t columns) {
  const std::size_t used = width(cell);
  return used >= columns ? cell : cell + std::string(columns - used, ' ');
}

std::vector<std::size_t> widths_of(const Table& table) {
  std::vector<std::size_t> widths(table.header.size(), 3);  // "---" is the shortest rule
  const auto grow = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
      widths[i] = std::max(widths[i], std::min(width(row[i]), k_widest_padding));
  };
  grow(table.header);
  for (const auto& row : table.rows) grow(row);
  return widths;
}

std::string pipe_row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line = "|";
  for (std::size_t i = 0; i < widths.size(); ++i) line += " " + padded(i < cells.size() ? cells[i] : "", widths[i]) + " |";
  return line + "\n";
}

std::string plain_row(const std::vector<std::string>& cells, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < std::min(cells.size(), widths.size()); ++i) line += padded(cells[i], widths[i]) + "  ";
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::size_t longest_backticks(std::string_view text) {
  std::size_t longest = 0, run = 0;
  for (char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  return longest;
}

}  // namespace

std::string inline_text(std::string_view foreign) {
  const std::string text = printable(foreign, k_longest_cell);
  std::string safe;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool markup = std::string_view("\\`*[]<>|&~$#").find(c) != std::string_view::npos;
    if (markup || (c == '_' && !inside_word(text, at))) safe += '\\';
    safe += c;
  }
  return safe;
}

std::string fenced(const std::vector<std::string>& lines, std::string_view language) {
  std::string body;
  std::size_t fence = 3;
  for (const auto& line : lines) {
    const std::string safe = printable(line, k_longest_line);
    fence = std::max(fence, longest_backticks(safe) + 1);
    body += safe + "\n";
  }
  const std::string rule(fence, '`');
  return rule + std::string(language) + "\n" + body + rule + "\n";
}

std::string markdown(const Table& table) {
  if (table.rows.empty()) return {};
  const auto widths = widths_of(table);
  std::vector<std::string> rules;
  for (std::size_t columns : widths) rules.emplace_back(columns, '-');
  std::string text = pipe_row(table.header, widths) + pipe_row(rules, widths);
  for (const auto& row : table.rows) text += pipe_row(row, widths);
  return text;
}

std::string plain(const Table& table) {
  const auto widths = widths_of(table);
  std::string text = plain_row(table.header, widths);
  for (const auto& row : table.rows) text += "\n" + plain_row(row, widths);
  return text;
}

}  // namespace stoker::report
