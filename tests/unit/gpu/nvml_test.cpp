#include "stoker/gpu/nvml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <initializer_list>
#include <map>
#include <utility>

#include "stoker/os/file.hpp"

namespace stoker::gpu {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// The fake library's answers, taken back at the end.
class Answers {
public:
  Answers(std::initializer_list<std::pair<const std::string, std::string>> values) : m_values(values) {
    for (const auto& [name, value] : m_values) ::setenv(("FAKE_NVML_" + name).c_str(), value.c_str(), 1);
  }
  ~Answers() {
    for (const auto& [name, value] : m_values) ::unsetenv(("FAKE_NVML_" + name).c_str());
  }
  Answers(const Answers&) = delete;
  Answers& operator=(const Answers&) = delete;

private:
  std::map<std::string, std::string> m_values;
};

TEST(Nvml, MissingLibraryIsUnsupported) {
  const auto nvml = Nvml::open("libno-such-library.so.1");
  ASSERT_FALSE(nvml);
  EXPECT_EQ(nvml.error().kind(), ErrorKind::unsupported);
  EXPECT_THAT(nvml.error().message(), HasSubstr("libno-such-library.so.1"));
}

TEST(Nvml, LibraryWithoutTheFunctionsIsUnsupported) {
  const auto nvml = Nvml::open(NOT_NVML);
  ASSERT_FALSE(nvml);
  EXPECT_EQ(nvml.error().kind(), ErrorKind::unsupported);
  EXPECT_THAT(nvml.error().message(), HasSubstr("lacks functions"));
}

TEST(Nvml, DriverThatIsNotLoadedIsUnsupportedWithItsReason) {
  const Answers answers{{"INIT", "9"}};
  const auto nvml = Nvml::open(FAKE_NVML);
  ASSERT_FALSE(nvml);
  EXPECT_EQ(nvml.error().kind(), ErrorKind::unsupported);
  EXPECT_THAT(nvml.error().message(), HasSubstr("Driver Not Loaded"));
}

// nvidia-smi shows an idle card's memory as 0; the first version of the call counts the driver's own as used.
TEST(Nvml, WhatTheDriverReservesIsNotUsed) {
  const Answers answers{{"DEVICES", "1"}, {"USED", "1073741824"}, {"RESERVED", "1048576"}};
  const auto nvml = Nvml::open(FAKE_NVML);
  ASSERT_TRUE(nvml) << nvml.error().message();
  EXPECT_THAT(*nvml->memory_used(), ElementsAre(k_gib - k_mib));
}

TEST(Nvml, DevicesAndMemory) {
  const Answers answers{{"DEVICES", "2"}, {"USED", "1073741824"}};
  const auto nvml = Nvml::open(FAKE_NVML);
  ASSERT_TRUE(nvml) << nvml.error().message();
  EXPECT_EQ(nvml->driver(), "570.1.2");
  ASSERT_THAT(nvml->devices(), SizeIs(2));
  EXPECT_EQ(nvml->devices()[1].index, 1U);
  EXPECT_EQ(nvml->devices()[1].name, "Fake H101");
  EXPECT_EQ(nvml->devices()[1].uuid, "GPU-0000-1");
  EXPECT_EQ(nvml->devices()[1].memory_total, 80 * k_gib);
  EXPECT_THAT(*nvml->memory_used(), ElementsAre(k_gib, k_gib + 1));
  EXPECT_THAT(*nvml->processes(), IsEmpty());
}

TEST(Nvml, ALostGpuHidesNoOther) {
  const Answers answers{{"DEVICES", "3"}, {"LOST", "1"}};
  const auto nvml = Nvml::open(FAKE_NVML);
  ASSERT_TRUE(nvml);
  ASSERT_THAT(nvml->devices(), SizeIs(2));
  EXPECT_EQ(nvml->devices()[1].index, 2U);
  EXPECT_THAT(*nvml->memory_used(), ElementsAre(0U, 2U));
}

TEST(Nvml, AbsurdCountIsBounded) {
  const Answers answers{{"DEVICES", "4000000000"}};
  const auto nvml = Nvml::open(FAKE_NVML);
  ASSERT_TRUE(nvml);
  EXPECT_THAT(nvml->devices(), SizeIs(16));
}

TEST(Nvml, ComputeAndGraphicsProcesses) {
  const Answers answers{{"DEVICES", "2"}, {"COMPUTE", "2"}, {"GRAPHICS", "1"}};
  const auto nvml = Nvml::open(FAKE_NVML);
  ASSERT_TRUE(nvml);
  const auto processes = nvml->processes().value();
  ASSERT_THAT(processes, SizeIs(3));
  EXPECT_EQ(processes[1].pid, 1001);
  EXPECT_EQ(processes[1].memory, k_mib);
  EXPECT_EQ(processes[1].device, 0U);
  EXPECT_EQ(processes[2].pid, 5000);
  EXPECT_EQ(processes[2].memory, 0U) << "not available";
}

TEST(Nvml, GrowsUntilAllProcessesFit) {
  for (const char* n : {"31", "32", "33", "1000"}) {
    const Answers answers{{"COMPUTE", n}};
    const auto nvml = Nvml::open(FAKE_NVML);
    ASSERT_TRUE(nvml);
    EXPECT_EQ(nvml->processes()->size(), std::stoul(n));
  }
  const Answers answers{{"COMPUTE", "100000000"}};
  EXPECT_EQ(Nvml::open(FAKE_NVML)->processes().error().kind(), ErrorKind::unsupported) << "bounded";
}

TEST(Nvml, AFailingQueryIsAnErrorNotAZero) {
  const Answers answers{{"USED", "error"}};
  const auto nvml = Nvml::open(FAKE_NVML);
  ASSERT_TRUE(nvml);
  EXPECT_EQ(nvml->memory_used().error().kind(), ErrorKind::unsupported);
}

TEST(Nvml, ShutDownOnceAlsoAfterAMove) {
  const auto folder = os::make_private_folder(os::temporary_folder(), "nvml-").value();
  const Answers answers{{"LOG", folder + "/log"}};
  {
    auto first = Nvml::open(FAKE_NVML);
    ASSERT_TRUE(first);
    const Nvml second = std::move(*first);
    EXPECT_THAT(second.devices(), SizeIs(1));
    EXPECT_EQ(os::read_text(folder + "/log").value_or(""), "init\n");
  }
  EXPECT_EQ(os::read_text(folder + "/log").value_or(""), "init\nshutdown\n");
  ignore(os::remove_tree(folder), "scratch");
}

}  // namespace
}  // namespace stoker::gpu
