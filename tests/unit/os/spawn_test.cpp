#include "stoker/os/spawn.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <thread>

#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

using ::testing::HasSubstr;

constexpr Seconds k_long{60};  // ends a test that would hang; nothing is measured by it

SpawnPlan shell(const std::string& script) {
  SpawnPlan plan;
  plan.argv = {"sh", "-c", script};
  return plan;
}

bool lives(pid_t pid) {
  const auto seen = process(pid);
  return seen && seen->state != 'Z';
}

// Reads the child's output up to and without the next newline.
std::string line_of(const Child& child) {
  std::string line;
  char c = 0;
  while (::read(child.output().get(), &c, 1) == 1 && c != '\n') line += c;
  return line;
}

pid_t pid_line(const Child& child) { return static_cast<pid_t>(std::stoi(line_of(child))); }

TEST(RunToEnd, GivesCodeAndOutput) {
  const auto finished = run_to_end(shell("echo out; echo err >&2; exit 3"), k_long).value();
  EXPECT_EQ(finished.exit.code, 3);
  EXPECT_EQ(finished.output, "out\nerr\n");
  EXPECT_EQ(to_string(finished.exit), "exit code 3");
}

TEST(RunToEnd, GivesTheSignal) {
  const auto finished = run_to_end(shell("kill -9 $$"), k_long).value();
  EXPECT_EQ(finished.exit.signal, SIGKILL);
  EXPECT_EQ(to_string(finished.exit), "signal 9 (Killed)");
}

TEST(RunToEnd, KeepsNoMoreThanItsLimit) {
  EXPECT_EQ(run_to_end(shell("head -c 1000000 /dev/zero"), k_long, 1000).value().output.size(), 1000U);
}

TEST(RunToEnd, EndsWhatTakesTooLong) {
  EXPECT_EQ(run_to_end(shell("sleep 1000"), Seconds(0.05)).error().kind(), ErrorKind::timeout);
  EXPECT_EQ(run_to_end(shell("exec >&- 2>&-; sleep 1000"), Seconds(0.05)).error().kind(), ErrorKind::timeout);
}

TEST(RunToEnd, DoesNotWaitForADaemonThatKeepsThePipe) {
  const auto finished = run_to_end(shell("setsid sleep 20 & echo $!"), k_long);
  ASSERT_TRUE(finished) << finished.error().message();
  const pid_t daemon = static_cast<pid_t>(std::stoi(finished->output));
  EXPECT_EQ(finished->exit.code, 0);
  ::kill(daemon, SIGKILL);
}

TEST(RunToEnd, StandardInputIsEmpty) { EXPECT_EQ(run_to_end(shell("cat; echo end"), k_long).value().output, "end\n"); }

TEST(RunToEnd, EnvironmentIsSetAndUnset) {
  ::setenv("STOKER_TEST_GONE", "here", 1);
  SpawnPlan plan = shell("echo ${STOKER_TEST_SET-unset} ${STOKER_TEST_GONE-unset}");
  plan.environment = {{"STOKER_TEST_SET", "a b"}, {"STOKER_TEST_GONE", std::nullopt}};
  EXPECT_EQ(run_to_end(plan, k_long).value().output, "a b unset\n");
}

TEST(Spawn, RefusesWhatCannotRun) {
  const Scratch scratch;
  SpawnPlan plan;
  EXPECT_EQ(Child::spawn(plan).error().kind(), ErrorKind::usage);
  plan.argv = {"no-such-program-anywhere"};
  EXPECT_EQ(Child::spawn(plan).error().kind(), ErrorKind::not_found);
  plan.argv = {scratch.path("absent")};
  EXPECT_EQ(Child::spawn(plan).error().kind(), ErrorKind::not_found);
  plan.argv = {scratch.write("plain", "x")};
  EXPECT_EQ(Child::spawn(plan).error().kind(), ErrorKind::denied);
}

TEST(Spawn, AFailedExecIsToldWithItsErrno) {
  const Scratch scratch;
  SpawnPlan plan;
  plan.argv = {scratch.write("script", "#!/no/such/interpreter\n")};
  ASSERT_EQ(::chmod(plan.argv[0].c_str(), 0755), 0);
  const auto child = Child::spawn(plan);
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().os_errno(), ENOENT);
  EXPECT_THAT(child.error().message(), HasSubstr(plan.argv[0]));
}

TEST(ChildTree, HasAGroupOfItsOwnAndFreshSignals) {
  auto child = Child::spawn(shell("echo $$; sleep 1000 & wait")).value();
  EXPECT_EQ(pid_line(child), child.pid());
  EXPECT_EQ(process(child.pid())->group, child.pid());
  EXPECT_FALSE(child.poll());
  const pid_t pid = child.pid();
  EXPECT_TRUE(child.end_tree(k_long));
  EXPECT_FALSE(process(pid)) << "reaped";
  EXPECT_EQ(child.poll()->signal, SIGTERM);
}

TEST(ChildTree, WhatIgnoresTheTermIsKilledAndNamed) {
  auto child = Child::spawn(shell("trap '' TERM; echo $$; while :; do sleep 1000; done")).value();
  const pid_t pid = pid_line(child);
  const auto forced = child.end_tree(Seconds(0.1));
  ASSERT_TRUE(forced);
  EXPECT_TRUE(std::ranges::any_of(*forced, [&](const Process& member) { return member.pid == pid; }));
  EXPECT_FALSE(lives(pid));
}

TEST(ChildTree, ThePidStaysOursUntilTheTreeEnded) {
  auto child = Child::spawn(shell("exit 4")).value();
  EXPECT_EQ(line_of(child), "");
  while (!child.poll()) std::this_thread::yield();
  EXPECT_EQ(child.poll()->code, 4);
  ASSERT_TRUE(process(child.pid())) << "a zombie keeps its number from others";
  EXPECT_TRUE(child.tree().empty()) << "but is not alive";
  EXPECT_TRUE(child.end_tree(k_long));
}

TEST(ChildTree, TheGroupIsEndedAfterItsLeader) {
  auto child = Child::spawn(shell("sleep 1000 & echo $!")).value();
  const pid_t left = pid_line(child);
  while (!child.poll()) std::this_thread::yield();
  EXPECT_TRUE(lives(left));
  EXPECT_TRUE(child.end_tree(k_long));
  EXPECT_FALSE(lives(left));
}

TEST(ChildTree, ADestructorEndsIt) {
  pid_t pid = 0;
  {
    const auto child = Child::spawn(shell("trap '' TERM; sleep 1000 & echo $!; wait; wait")).value();
    pid = pid_line(child);
    EXPECT_TRUE(lives(pid));
  }
  EXPECT_FALSE(lives(pid));
}

// A daemon by the book: a session of its own, and a parent that has gone.
const char* const k_daemon = "(setsid sh -c 'trap \"\" TERM; sh -c \"echo \\$\\$; exec sleep 1000\" & exit 0' &); exec sleep 1000";

TEST(AdoptOrphans, ADaemonIsFoundAndEnded) {
  SpawnPlan plan = shell(k_daemon);
  plan.adopt_orphans = true;
  auto child = Child::spawn(plan).value();
  const pid_t daemon = pid_line(child);
  const auto seen = process(daemon);
  ASSERT_TRUE(seen);
  EXPECT_NE(seen->group, child.pid());
  const auto is_daemon = [&](const Process& member) { return member.pid == daemon; };
  while (process(daemon)->parent != ::getpid()) std::this_thread::yield();  // until its parents have gone
  EXPECT_TRUE(std::ranges::any_of(child.tree(), is_daemon));
  const auto forced = child.end_tree(Seconds(0.1));
  ASSERT_TRUE(forced);
  EXPECT_TRUE(std::ranges::any_of(*forced, is_daemon));
  EXPECT_FALSE(process(daemon)) << "ended and reaped";
}

TEST(AdoptOrphans, OtherChildrenAreLeftAlone) {
  auto other = Child::spawn(shell("echo $$; sleep 1000 & wait")).value();
  pid_line(other);
  SpawnPlan plan = shell("sleep 1000");
  plan.adopt_orphans = true;
  auto child = Child::spawn(plan).value();
  for (const auto& member : child.tree()) EXPECT_NE(member.pid, other.pid());
  EXPECT_TRUE(child.end_tree(k_long));
  EXPECT_TRUE(lives(other.pid()));
  EXPECT_FALSE(other.poll());
}

TEST(AdoptOrphans, CommandsRunInOtherThreadsMeanwhile) {
  std::atomic<int> bad = 0;
  std::atomic<bool> over = false;
  std::vector<std::jthread> runners;
  for (int i = 0; i < 2; ++i)
    runners.emplace_back([&] {
      while (!over) {
        const auto finished = run_to_end(shell("exit 5"), k_long);
        if (!finished || finished->exit.code != 5) ++bad;
      }
    });
  for (int i = 0; i < 10; ++i) {
    SpawnPlan plan = shell("trap '' TERM; while :; do sleep 1000; done");
    plan.adopt_orphans = true;
    auto child = Child::spawn(plan).value();
    EXPECT_TRUE(child.end_tree(Seconds(0.03)));
  }
  over = true;
  runners.clear();
  EXPECT_EQ(bad, 0) << "commands that an adopting child's end took along";
}

TEST(FindProgram, LooksInThePath) {
  EXPECT_THAT(find_program("sh").value(), HasSubstr("/sh"));
  EXPECT_EQ(find_program("").error().kind(), ErrorKind::usage);
  EXPECT_EQ(find_program("no-such-program-anywhere").error().kind(), ErrorKind::not_found);
}

}  // namespace
}  // namespace stoker::os
