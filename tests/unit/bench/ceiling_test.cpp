#include "stoker/bench/ceiling.hpp"

#include <gtest/gtest.h>

#include "unit/bench/scratch.hpp"

namespace stoker::bench {
namespace {

TEST(Ceiling, IsMeasuredOnTheFilesThemselves) {
  const test::Scratch scratch;
  const auto ceiling = read_ceiling({scratch.file("a", 48U << 20), scratch.file("b", 48U << 20)}, {});
  if (!ceiling) GTEST_SKIP() << "O_DIRECT is refused on /var/tmp here";
  EXPECT_GT(ceiling->bytes_per_s, 0);
  EXPECT_NE(ceiling->method.find("96.0 MiB"), std::string::npos) << ceiling->method;
}

TEST(Ceiling, TinyFilesHaveNone) {
  const test::Scratch scratch;
  EXPECT_FALSE(read_ceiling({scratch.file("a", 1U << 20)}, {}));
}

TEST(Ceiling, AFileThatIsNotThereHasNone) { EXPECT_FALSE(read_ceiling({"/nonexistent"}, {})); }

TEST(Ceiling, StopsWhenAsked) {
  const test::Scratch scratch;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(read_ceiling({scratch.file("a", 80U << 20)}, stop.get_token()));
}

}  // namespace
}  // namespace stoker::bench
