#include "stoker/os/process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "stoker/os/fd.hpp"
#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ProcessFacts, NamesMayHoldBlanksAndParentheses) {
  const auto seen = process(4242, fixture("bare-nvme"));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->name, "VLLM::Engine) (x");
  EXPECT_EQ(seen->state, 'S');
  EXPECT_EQ(seen->parent, 77);
  EXPECT_EQ(seen->group, 4240);
  EXPECT_EQ(seen->session, 4239);
  EXPECT_EQ(seen->major_faults, 321U);
  EXPECT_EQ(seen->start_ticks, 98765U);
}

TEST(ProcessFacts, AbsentIsNothing) {
  EXPECT_FALSE(process(1, fixture("bare-nvme")));
  EXPECT_THAT(all_processes(fixture("no-sys")), IsEmpty());
  EXPECT_THAT(arguments(1, fixture("no-sys")), IsEmpty());
  EXPECT_FALSE(storage_read_bytes(1, fixture("no-sys")));
  EXPECT_THAT(mapped_files(1, fixture("no-sys")), IsEmpty());
}

TEST(Descendants, OfAllGenerations) {
  const auto all = all_processes(fixture("bare-nvme"));
  EXPECT_EQ(all.size(), 3U);
  const auto kin = descendants(77, all);
  ASSERT_EQ(kin.size(), 2U);
  EXPECT_EQ(kin[0].pid, 4242);
  EXPECT_EQ(kin[1].pid, 4243);
}

TEST(Descendants, SurviveACircle) {
  std::vector<Process> circle(2);
  circle[0].pid = 5;
  circle[0].parent = 6;
  circle[1].pid = 6;
  circle[1].parent = 5;
  EXPECT_EQ(descendants(5, circle).size(), 1U);
}

TEST(CommandLine, BlotsSecretsOut) {
  EXPECT_EQ(command_line(4242, fixture("bare-nvme")), "vllm serve /mnt/my models --api-key *** *** --port 8000");
}

TEST(WithoutSecrets, KnowsTheWaysTheyAreWritten) {
  EXPECT_THAT(without_secrets({"x", "--api_key=a", "--token", "b", "--hf-token=c", "-e", "HF_TOKEN=d", "--env=AWS_SECRET_ACCESS_KEY=e"}),
              ElementsAre("x", "--api_key=***", "--token", "***", "--hf-token=***", "-e", "HF_TOKEN=***", "--env=AWS_SECRET_ACCESS_KEY=***"));
  EXPECT_THAT(without_secrets({"sh", "-c", "DB_PASSWORD='a b' vllm"}), ElementsAre("sh", "-c", "DB_PASSWORD=***"));
  EXPECT_THAT(without_secrets({"sh", "-c", "vllm --api-key a b"}), ElementsAre("sh", "-c", "vllm --api-key ***"));
  EXPECT_THAT(without_secrets({"--tokenizer=t", "--max-num-batched-tokens=8192", "--tokenizer", "t", "=", ""}),
              ElementsAre("--tokenizer=t", "--max-num-batched-tokens=8192", "--tokenizer", "t", "=", ""));
}

TEST(StorageReadBytes, AreThoseOfTheDevice) { EXPECT_EQ(storage_read_bytes(4242, fixture("bare-nvme")), 987654321U); }

TEST(MappedFiles, EachOnceWithItsDeviceAndInode) {
  const auto mapped = mapped_files(4242, fixture("bare-nvme"));
  ASSERT_EQ(mapped.size(), 2U);
  EXPECT_EQ(mapped[0].id, (FileId{makedev(0x103, 2), 131}));
  EXPECT_EQ(mapped[0].path, "/usr/bin/python3.11");
  EXPECT_EQ(mapped[1].id.inode, 977U);
  EXPECT_EQ(mapped[1].path, "/mnt/nvme/models/model 1\nof 2.safetensors (deleted)");
}

TEST(MappedFiles, SeesOurOwn) {
  const Scratch scratch;
  const std::string path = scratch.write("weights", std::string(4096, 'x'));
  const auto facts = look_at(path).value();
  const Fd fd = open_file(path, O_RDONLY).value();
  void* const mapped = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0);
  ASSERT_NE(mapped, MAP_FAILED);
  bool found = false;
  for (const auto& mapping : mapped_files(::getpid())) found = found || (mapping.id.inode == facts.id.inode && mapping.path == real_path(path).value());
  EXPECT_TRUE(found);
  ::munmap(mapped, 4096);
}

TEST(SocketInodes, OnlyOfSockets) {
  EXPECT_THAT(socket_inodes(4242, fixture("bare-nvme")), ElementsAre(5001U, 5002U));
  const std::size_t before = socket_inodes(::getpid()).size();
  const Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(socket_inodes(::getpid()).size(), before + 1);
}

TEST(ProcessFacts, KnowOurselves) {
  const auto self = process(::getpid());
  ASSERT_TRUE(self);
  EXPECT_EQ(self->parent, ::getppid());
  EXPECT_EQ(self->session, ::getsid(0));
  EXPECT_GT(self->start_ticks, 0U);
}

TEST(Process, EveryOptionThatEndsLikeASecretIsBlotted) {
  EXPECT_EQ(without_secrets({"sglang", "--admin-api-key", "hush", "--ssl-keyfile", "f", "--x-token=hush", "--tokenizer", "t", "--max-num-tokens", "5"}),
            (std::vector<std::string>{"sglang", "--admin-api-key", "***", "--ssl-keyfile", "f", "--x-token=***", "--tokenizer", "t", "--max-num-tokens", "5"}));
}

TEST(Process, AFileOpenWithDirectReadsIsSeen) {
  std::string path = "/var/tmp/stoker-direct-XXXXXX";
  const int buffered = ::mkstemp(path.data());
  ASSERT_GE(buffered, 0);
  const std::set<FileId> files{look_at(path).value().id};
  EXPECT_FALSE(reads_directly(::getpid(), files));
  const int direct = ::open(path.c_str(), O_RDONLY | O_DIRECT);
  if (direct >= 0) {
    EXPECT_TRUE(reads_directly(::getpid(), files));
    ::close(direct);
  }
  ::close(buffered);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace stoker::os
