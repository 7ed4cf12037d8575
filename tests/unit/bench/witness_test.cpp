#include "stoker/bench/witness.hpp"

#include <gtest/gtest.h>

namespace stoker::bench {
namespace {

TEST(Witness, WithoutADeviceOrGpuLeavesTheFiguresEmpty) {
  const std::optional<gpu::Nvml> none;
  Witness witness(std::nullopt, none);
  witness.sample();
  witness.ready();
  record::Start start;
  witness.conclude(start);
  EXPECT_FALSE(start.device_read_bytes);
  EXPECT_FALSE(start.gpu);
}

}  // namespace
}  // namespace stoker::bench
