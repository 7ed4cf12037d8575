// The sections of the report of starts, each "" when there is nothing to say. For start_markdown.cpp and the tests.
#pragma once

#include <string>

#include "stoker/record/start.hpp"
#include "stoker/record/summary.hpp"

namespace stoker::report {

// What every section is written from.
struct StartView {
  const record::StartBench& bench;
  const record::StartSummary& summary;
};

// What was found, in plain words and without markup: foreign text in it is printable, not escaped for Markdown.
std::string start_answer(const StartView& view);

std::string config_section(const StartView& view);
std::string results_section(const StartView& view);
std::string runs_section(const StartView& view);
std::string phases_section(const StartView& view);
std::string states_section(const StartView& view);
std::string host_section(const StartView& view);
std::string invalid_section(const StartView& view);
std::string warnings_section(const StartView& view);

std::string bandwidth_section(const StartView& view);
std::string prewarm_section(const StartView& view);
std::string cold_section(const StartView& view);
std::string reading_section(const StartView& view);

}  // namespace stoker::report
