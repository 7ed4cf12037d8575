// The Markdown of one `bench start`: for an SRE who has to decide something. Pure, thread-safe.
#pragma once

#include <string>

#include "stoker/record/start.hpp"

namespace stoker::report {

// Server config, table with median and spread, factor and difference cold to warm, implied bandwidth against the
// device ceiling, phases, states, what was invalid and why, and the reading for a demo, an internal service and a
// user-facing endpoint. Every sentence is derived from the data; a difference is stated only when its interval
// excludes zero. Foreign text is escaped.
std::string start_markdown(const record::StartBench& bench);

// The table that a terminal gets at the end of the run, and the answer below it. No newline at the end.
std::string start_table(const record::StartBench& bench);

}  // namespace stoker::report
