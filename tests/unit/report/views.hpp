// One section of a bench, as text.
#pragma once

#include <string>

#include "stoker/report/start_sections.hpp"

namespace stoker::report {

template <class Section>
std::string told(Section section, const record::StartBench& bench) {
  const auto summary = record::summarize(bench);
  return section(StartView{bench, summary});
}

}  // namespace stoker::report
