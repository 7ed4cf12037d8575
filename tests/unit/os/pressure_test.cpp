#include "stoker/os/pressure.hpp"

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

TEST(IoPressure, TotalsAreSeconds) {
  const auto seen = io_pressure(fixture("bare-nvme"));
  ASSERT_TRUE(seen);
  EXPECT_DOUBLE_EQ(seen->some.count(), 6.043743);
  EXPECT_DOUBLE_EQ(seen->full.count(), 5.631858);
}

TEST(IoPressure, NothingWhereTheKernelHasNone) { EXPECT_FALSE(io_pressure(fixture("no-sys"))); }

}  // namespace
}  // namespace stoker::os
