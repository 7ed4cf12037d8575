#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/record/benches.hpp"
#include "unit/report/views.hpp"

namespace stoker::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(StartCircumstances, EqualStatesShareARow) {
  const std::string text = told(states_section, record::benches::distinct());
  EXPECT_THAT(text, HasSubstr("| all"));
  EXPECT_EQ(text.find("bytecode"), text.rfind("bytecode"));
}

TEST(StartCircumstances, StateThatDiffersNamesItsStarts) {
  auto bench = record::benches::distinct();
  bench.starts[0].states[1].state = "empty";
  EXPECT_THAT(told(states_section, bench), HasSubstr("1 cold "));
  EXPECT_THAT(told(states_section, bench), HasSubstr("4 cold, 5 warm"));
}

TEST(StartCircumstances, MissingBytecodeIsSaidWithItsReason) {
  EXPECT_THAT(told(states_section, record::benches::noisy()), HasSubstr("Bytecode was missing (PYTHONDONTWRITEBYTECODE is set)"));
  EXPECT_THAT(told(states_section, record::benches::distinct()), Not(HasSubstr("Bytecode was")));
}

TEST(StartCircumstances, InvalidStartsKeepTheirLastLines) {
  const std::string text = told(invalid_section, record::benches::all_invalid());
  EXPECT_THAT(text, HasSubstr("mapped by pid 4711"));
  EXPECT_THAT(text, HasSubstr("torch.OutOfMemoryError: CUDA out of memory.\n```"));
  EXPECT_EQ(told(invalid_section, record::benches::distinct()), "");
}

TEST(StartCircumstances, OnlyTheLastLinesOfAFloodAreShown) {
  auto bench = record::benches::all_invalid();
  bench.starts[1].last_lines.clear();
  for (int i = 0; i < 500; ++i) bench.starts[1].last_lines.push_back("line " + std::to_string(i));
  const std::string text = told(invalid_section, bench);
  EXPECT_THAT(text, HasSubstr("line 480\n"));
  EXPECT_THAT(text, Not(HasSubstr("line 479\n")));
}

TEST(StartCircumstances, UnknownHostFactsAreLeftOut) {
  auto bench = record::benches::distinct();
  bench.host = record::HostFacts{};
  const std::string text = told(host_section, bench);
  EXPECT_THAT(text, Not(HasSubstr("scheduler")));
  EXPECT_THAT(text, HasSubstr("not measured"));
}

TEST(StartCircumstances, PhaseThatGrowsMostIsNamedOnlyWhenThereIsADifference) {
  EXPECT_THAT(told(phases_section, record::benches::distinct()), HasSubstr("`weights`: 6.00 s more (medians; the mean difference of the starts is 7.62 s)"));
  EXPECT_THAT(told(phases_section, record::benches::noisy()), Not(HasSubstr("grows most")));
}

}  // namespace
}  // namespace stoker::report
