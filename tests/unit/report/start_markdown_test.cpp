// Whole reports against tests/golden. STOKER_ACCEPT=1 in the environment rewrites the files: read them before
// committing, aloud.
#include "stoker/report/start_markdown.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "unit/record/benches.hpp"

namespace stoker::report {
namespace {

std::string golden(const std::string& name, const std::string& actual) {
  const std::string path = std::string(STOKER_FIXTURES) + "/../golden/" + name;
  const char* accept = std::getenv("STOKER_ACCEPT");
  if (accept != nullptr && std::string(accept) == "1") std::ofstream(path) << actual;
  std::ostringstream expected;
  expected << std::ifstream(path).rdbuf();
  return expected.str();
}

void expect_golden(const std::string& name, const std::string& actual) { EXPECT_EQ(actual, golden(name, actual)) << name; }

TEST(StartMarkdown, Distinct) { expect_golden("bench-start-distinct.md", start_markdown(record::benches::distinct())); }
TEST(StartMarkdown, Noisy) { expect_golden("bench-start-noisy.md", start_markdown(record::benches::noisy())); }
TEST(StartMarkdown, AllInvalid) { expect_golden("bench-start-all-invalid.md", start_markdown(record::benches::all_invalid())); }
TEST(StartMarkdown, OneEach) { expect_golden("bench-start-one-each.md", start_markdown(record::benches::one_each())); }
TEST(StartMarkdown, Hostile) { expect_golden("bench-start-hostile.md", start_markdown(record::benches::hostile())); }

// Every cell of foreign text goes through the escaping: raw markup of the nightmare survives in fences only.
TEST(StartMarkdown, ForeignMarkupIsNeverLive) {
  std::istringstream lines(start_markdown(record::benches::hostile()));
  std::string fence;
  for (std::string line; std::getline(lines, line);) {
    if (!fence.empty()) {
      if (line == fence) fence.clear();
      continue;
    }
    if (line.starts_with("```")) {
      fence = line.substr(0, line.find_first_not_of('`'));
      continue;
    }
    EXPECT_EQ(line.find('\x1b'), std::string::npos) << line;
    EXPECT_FALSE(line.starts_with("# not a title")) << line;
    for (std::size_t at = line.find("<img"); at != std::string::npos; at = line.find("<img", at + 1))
      EXPECT_TRUE(at > 0 && line[at - 1] == '\\') << line;
  }
  EXPECT_EQ(fence, "");
}

TEST(StartMarkdown, NothingMeasuredStillReads) {
  const std::string text = start_markdown(record::StartBench{});
  EXPECT_NE(text.find("Nothing was measured: no start was made."), std::string::npos);
  EXPECT_EQ(text.find("nan"), std::string::npos);
}

TEST(StartMarkdown, SameDataSameText) {
  EXPECT_EQ(start_markdown(record::benches::hostile()), start_markdown(record::benches::hostile()));
}

}  // namespace
}  // namespace stoker::report
