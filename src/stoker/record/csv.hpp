// The CSV of starts: header and rows exactly as others rely on them.
#pragma once

#include <string>
#include <string_view>

#include "stoker/record/start.hpp"

namespace stoker::record {

inline constexpr std::string_view k_start_csv_header = "run_id,mode,model,max_model_len,load_s,gpu_mem_used_mb,notes";

// One row with its newline. Fields with commas or quotes are quoted as RFC 4180 has it; line breaks, other control
// characters and invalid UTF-8 become \xNN, so that a row is always one line of valid text. A field that a
// spreadsheet would run as a formula (=, +, -, @ in front) gets a leading apostrophe. An invalid run has an empty
// load_s and notes "invalid: reason; …". Pure, thread-safe.
std::string start_csv_row(const StartBench& bench, const Start& start);

}  // namespace stoker::record
