#include "stoker/os/publish.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "stoker/base/text.hpp"
#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view k_header = "run_id,mode";

// Runs `work` in a process of its own where no file may grow past `bytes`; its exit code is work's.
template <class Work>
int with_file_limit(rlim_t bytes, const Work& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::_exit(work());
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(PublishText, ReplacesWhole) {
  const Scratch scratch;
  const std::string path = scratch.path("a.json");
  EXPECT_TRUE(publish_text(path, "first, and longer"));
  EXPECT_TRUE(publish_text(path, "second"));
  EXPECT_EQ(read_text(path).value(), "second");
  EXPECT_THAT(list_folder(scratch.path()).value(), ElementsAre("a.json"));
}

TEST(PublishText, AFailureKeepsTheOldFileAndLeavesNothing) {
  const Scratch scratch;
  const std::string path = scratch.write("a.json", "old");
  EXPECT_EQ(with_file_limit(100, [&] { return publish_text(path, std::string(1000, 'x')) ? 0 : 7; }), 7);
  EXPECT_EQ(read_text(path).value(), "old");
  EXPECT_THAT(list_folder(scratch.path()).value(), ElementsAre("a.json"));
}

TEST(PublishText, IntoNoFolder) { EXPECT_EQ(publish_text("/nowhere/at/all", "x").error().kind(), ErrorKind::not_found); }

TEST(AppendLines, HeaderOnceThenLines) {
  const Scratch scratch;
  const std::string path = scratch.path("a.csv");
  EXPECT_TRUE(append_lines(path, {k_header, "1,cold\n"}));
  EXPECT_TRUE(append_lines(path, {k_header, "2,warm\n3,warm\n"}));
  EXPECT_EQ(read_text(path).value(), "run_id,mode\n1,cold\n2,warm\n3,warm\n");
}

TEST(AppendLines, RefusesAnotherHeader) {
  const Scratch scratch;
  for (const char* text : {"other\n1\n", "run_id,mode2\n", "run_id\n", "x"}) {
    const std::string path = scratch.write("a.csv", text);
    EXPECT_EQ(append_lines(path, {k_header, "1,cold\n"}).error().kind(), ErrorKind::invalid) << text;
    EXPECT_EQ(read_text(path).value(), text);
  }
}

TEST(AppendLines, EndsWhatACrashTore) {
  const Scratch scratch;
  const std::string path = scratch.write("a.csv", "run_id,mode\n1,co");
  EXPECT_TRUE(append_lines(path, {k_header, "2,warm\n"}));
  EXPECT_EQ(read_text(path).value(), "run_id,mode\n1,co\n2,warm\n");
  for (const char* torn : {"", "run", "run_id,mode"}) {
    ignore(scratch.write("b.csv", torn), "looked at below");
    EXPECT_TRUE(append_lines(scratch.path("b.csv"), {k_header, "2,warm\n"}));
    EXPECT_EQ(read_text(scratch.path("b.csv")).value(), "run_id,mode\n2,warm\n") << torn;
  }
}

TEST(AppendLines, AFullDiskTakesNoHalfLine) {
  const Scratch scratch;
  const std::string before = "run_id,mode\n1,cold\n", path = scratch.write("a.csv", before);
  EXPECT_EQ(with_file_limit(before.size() + 3, [&] { return append_lines(path, {k_header, "2,warm\n"}) ? 0 : 7; }), 7);
  EXPECT_EQ(read_text(path).value(), before);
}

int append_many(const std::string& path, int writer) {
  for (int i = 0; i < 25; ++i)
    if (!append_lines(path, {k_header, fmt::format("{}-{},{}\n", writer, i, std::string(300, 'x'))})) return 1;
  return 0;
}

TEST(AppendLines, EightProcessesAtOnceYieldWholeLines) {
  const Scratch scratch;
  const std::string path = scratch.path("a.csv");
  std::vector<pid_t> writers;
  for (int writer = 0; writer < 8; ++writer) {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(append_many(path, writer));
    writers.push_back(pid);
  }
  for (const pid_t pid : writers) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const std::string text = read_text(path).value();
  const auto lines = split(std::string_view(text).substr(0, text.size() - 1), '\n');
  ASSERT_EQ(lines.size(), 201U);
  EXPECT_EQ(lines.front(), k_header);
  std::set<std::string_view> ids;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    EXPECT_TRUE(lines[i].ends_with("," + std::string(300, 'x'))) << lines[i];
    ids.insert(lines[i].substr(0, lines[i].find(',')));
  }
  EXPECT_EQ(ids.size(), 200U);
}

}  // namespace
}  // namespace stoker::os
