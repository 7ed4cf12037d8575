#include "stoker/lab/loader.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "unit/model/scratch.hpp"

namespace stoker::lab {
namespace {

class Loader : public ::testing::TestWithParam<Load> {
protected:
  Loader() {
    for (std::size_t i = 0; i < m_bytes.size(); ++i) m_bytes[i] = static_cast<char>(i * 31 >> 3);
    m_file = m_scratch.write("shard", m_bytes);
  }
  // Direct reads are refused by tmpfs and some overlays.
  static bool lacks_direct(const Result<std::vector<Loaded>>& loaded) { return GetParam() == Load::direct && !loaded && loaded.error().kind() == ErrorKind::unsupported; }

  model::Scratch m_scratch;
  std::string m_bytes = std::string(20'000'123, '\0');
  std::string m_file;
};

TEST_P(Loader, EveryRangeArrivesByteForByte) {
  const std::vector<Range> ranges{{0, 1}, {3, 4095}, {4098, 8192}, {12'290, 0}, {12'290, 17'000'001}, {m_bytes.size() - 7, 7}};
  const auto loaded = load_file({m_file, ranges, GetParam()}, {});
  if (lacks_direct(loaded)) GTEST_SKIP() << loaded.error().message();
  ASSERT_TRUE(loaded) << loaded.error().message();
  ASSERT_EQ(loaded->size(), ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto tensor = (*loaded)[i].tensor();
    ASSERT_EQ(tensor.size(), ranges[i].bytes);
    EXPECT_TRUE(tensor.empty() || std::memcmp(tensor.data(), m_bytes.data() + ranges[i].offset, tensor.size()) == 0) << i;
  }
}

TEST_P(Loader, AFileThatBecameShorterIsToldNotRead) {
  const auto loaded = load_file({m_file, {{m_bytes.size() - 7, 8}}, GetParam()}, {});
  if (lacks_direct(loaded)) GTEST_SKIP() << loaded.error().message();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::invalid) << loaded.error().message();
}

TEST_P(Loader, AStopEndsIt) {
  std::stop_source stop;
  stop.request_stop();
  const auto loaded = load_file({m_file, {{0, 100}}, GetParam()}, stop.get_token());
  if (lacks_direct(loaded)) GTEST_SKIP() << loaded.error().message();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind(), ErrorKind::cancelled);
}

INSTANTIATE_TEST_SUITE_P(Ways, Loader, ::testing::Values(Load::mmap, Load::read, Load::direct), [](const auto& way) {
  return way.param == Load::mmap ? "mmap" : way.param == Load::read ? "read" : "direct";
});

}  // namespace
}  // namespace stoker::lab
