#include "stoker/record/csv.hpp"

#include <fmt/format.h>

#include "stoker/base/text.hpp"

namespace stoker::record {
namespace {

constexpr std::size_t k_longest_field = 4096;  // a note with an engine's whole traceback belongs into the JSON

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"") == std::string::npos) return field;
  std::string result = "\"";
  for (char c : field) {
    if (c == '"') result += '"';
    result += c;
  }
  return result + '"';
}

// Foreign text. The apostrophe is what Excel, LibreOffice and Sheets take as "this is text".
std::string text_field(std::string_view foreign) {
  std::string field = printable(foreign, k_longest_field);
  if (!field.empty() && std::string_view("=+-@").find(field.front()) != std::string_view::npos) field.insert(0, "'");
  return quoted(field);
}

std::string notes_of(const Start& start) {
  std::vector<std::string> notes;
  if (!start.counts()) notes.push_back("invalid: " + start.why_invalid());
  notes.insert(notes.end(), start.notes.begin(), start.notes.end());
  return join(notes, "; ");
}

}  // namespace

std::string start_csv_row(const StartBench& bench, const Start& start) {
  const auto memory = start.gpu_mem_used_mb();
  return fmt::format("{},{},{},{},{},{},{}\n", text_field(start.run_id), to_string(start.mode), text_field(bench.model),
                     bench.max_model_len ? fmt::to_string(*bench.max_model_len) : "",
                     start.counts() ? fmt::format("{:.3f}", *start.load_s) : "",
                     memory ? fmt::to_string(*memory) : "", text_field(notes_of(start)));
}

}  // namespace stoker::record
