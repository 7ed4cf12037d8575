#include "stoker/os/host.hpp"

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

TEST(Host, BareMetal) {
  const Host seen = host(fixture("bare-nvme"));
  EXPECT_EQ(seen.kernel, "6.8.0-45-generic");
  EXPECT_EQ(seen.distribution, "Ubuntu 24.04.1 LTS");
  EXPECT_EQ(seen.cpu, "AMD EPYC 9654 96-Core Processor");
  EXPECT_EQ(seen.cores, 40U);
  EXPECT_EQ(seen.virtualization, "");
}

TEST(Host, Guest) {
  const Host seen = host(fixture("cgroup-v2"));
  EXPECT_EQ(seen.distribution, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(seen.cores, 2U);
  EXPECT_EQ(seen.virtualization, "QEMU Standard PC (Q35 + ICH9, 2009) guest");
}

TEST(Host, AbsentFactsAreEmpty) {
  const Host seen = host(fixture("no-sys"));
  EXPECT_EQ(seen.kernel, "");
  EXPECT_EQ(seen.cores, 0U);
}

TEST(Host, KnowsThisMachine) { EXPECT_GT(host().cores, 0U); }

}  // namespace
}  // namespace stoker::os
