#include "stoker/engine/phases_timeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace stoker::engine {
namespace {

using testing::ElementsAre;

MATCHER_P2(IsPhase, name, seconds, "") { return arg.name == name && std::abs(arg.seconds - seconds) < 1e-9; }

double sum(const std::vector<record::Phase>& phases) {
  double total = 0;
  for (const auto& phase : phases) total += phase.seconds;
  return total;
}

Seconds s(double seconds) { return Seconds(seconds); }

TEST(Timeline, boundaries_make_phases) {
  EXPECT_THAT(lay_out({{{"a", s(1)}, {"b", s(3)}}, "c", {}, s(10)}),
              ElementsAre(IsPhase("a", 1.0), IsPhase("b", 2.0), IsPhase("c", 7.0), IsPhase("unattributed", 0.0)));
}

TEST(Timeline, a_missing_boundary_leaves_its_neighbours_unattributed) {
  EXPECT_THAT(lay_out({{{"a", s(1)}, {"b", {}}, {"c", s(5)}}, "d", {}, s(10)}),
              ElementsAre(IsPhase("a", 1.0), IsPhase("d", 5.0), IsPhase("unattributed", 4.0)));
  EXPECT_THAT(lay_out({{{"a", s(1)}, {"b", {}}}, "c", {}, s(10)}), ElementsAre(IsPhase("a", 1.0), IsPhase("unattributed", 9.0)));
  EXPECT_THAT(lay_out({{{"a", {}}}, "b", {}, s(10)}), ElementsAre(IsPhase("unattributed", 10.0)));
}

TEST(Timeline, a_phase_may_be_skipped_or_joined) {
  EXPECT_THAT(lay_out({{{"a", s(1)}, {"b", {}, Absent::skip}}, "c", {}, s(10)}),
              ElementsAre(IsPhase("a", 1.0), IsPhase("c", 9.0), IsPhase("unattributed", 0.0)));
  EXPECT_THAT(lay_out({{{"a", s(1)}, {"b", {}, Absent::join}, {"c", s(4)}}, "d", {}, s(10)}),
              ElementsAre(IsPhase("a", 1.0), IsPhase("b+c", 3.0), IsPhase("d", 6.0), IsPhase("unattributed", 0.0)));
}

TEST(Timeline, the_longest_agreeing_chain_is_believed) {
  // b claims to end after all that follows it: b is wrong, not they.
  EXPECT_THAT(lay_out({{{"a", s(1)}, {"b", s(9)}, {"c", s(3)}, {"d", s(4)}}, "e", {}, s(10)}),
              ElementsAre(IsPhase("a", 1.0), IsPhase("d", 1.0), IsPhase("e", 6.0), IsPhase("unattributed", 2.0)));
}

TEST(Timeline, spans_are_painted_over) {
  EXPECT_THAT(lay_out({{{"a", s(4)}, {"b", s(8)}}, "c", {{"x", s(3), s(5)}, {"x", s(6), s(7)}, {"y", s(4.5), s(6.5)}}, s(10)}),
              ElementsAre(IsPhase("a", 3.0), IsPhase("x", 2.0), IsPhase("y", 2.0), IsPhase("b", 1.0), IsPhase("c", 2.0),
                          IsPhase("unattributed", 0.0)));
}

TEST(Timeline, nonsense_is_survived) {
  const double nan = std::nan(""), infinite = std::numeric_limits<double>::infinity();
  EXPECT_THAT(lay_out({{{"a", s(1)}}, "b", {}, s(0)}), ElementsAre(IsPhase("unattributed", 0.0)));
  EXPECT_THAT(lay_out({{{"a", s(1)}}, "b", {}, s(-3)}), ElementsAre(IsPhase("unattributed", 0.0)));
  EXPECT_THAT(lay_out({{{"a", s(1)}}, "b", {}, s(nan)}), ElementsAre(IsPhase("unattributed", 0.0)));
  EXPECT_THAT(lay_out({{{"a", s(infinite)}, {"b", s(nan)}, {"c", s(2)}}, "d", {{"x", s(infinite), s(-1)}, {"y", s(-5), s(1)}}, s(4)}),
              ElementsAre(IsPhase("y", 1.0), IsPhase("d", 2.0), IsPhase("unattributed", 1.0)));
}

// Not to within something: the same double.
TEST(Timeline, any_timeline_sums_exactly) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> share(-0.2, 1.2);
  for (int round = 0; round < 3000; ++round) {
    Timeline line;
    const double ready = std::pow(10.0, std::uniform_real_distribution<double>(-6, 5)(random));
    line.ready = s(ready);
    line.last = "last";
    for (int i = 0; i < 9; ++i) {
      line.boundaries.push_back({"b" + std::to_string(i), {}, static_cast<Absent>(random() % 3)});
      if (random() % 4 != 0) line.boundaries.back().at = s(share(random) * ready);
    }
    for (int i = 0; i < 4; ++i) line.spans.push_back({"s" + std::to_string(random() % 3), s(share(random) * ready), s(share(random) * ready)});
    const auto phases = lay_out(line);
    ASSERT_EQ(sum(phases), ready);
    ASSERT_EQ(phases.back().name, "unattributed");
    for (const auto& phase : phases) ASSERT_GE(phase.seconds, 0) << phase.name;
  }
}

}  // namespace
}  // namespace stoker::engine
