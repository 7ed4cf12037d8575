#include "stoker/report/start_markdown.hpp"

#include <fmt/core.h>

#include "stoker/record/summary.hpp"
#include "stoker/report/markdown.hpp"
#include "stoker/report/start_sections.hpp"

namespace stoker::report {

std::string start_markdown(const record::StartBench& bench) {
  const auto summary = record::summarize(bench);
  const StartView view{bench, summary};
  std::string text = fmt::format("# Starts of {} on {}\n\n{}\n", inline_text(bench.engine), inline_text(bench.model),
                                 inline_text(start_answer(view)));
  for (auto* section : {config_section, results_section, runs_section, phases_section, bandwidth_section, prewarm_section,
                              states_section, host_section, invalid_section, warnings_section, cold_section, reading_section})
    if (const std::string part = section(view); !part.empty()) text += "\n" + part;
  return text;
}

}  // namespace stoker::report
