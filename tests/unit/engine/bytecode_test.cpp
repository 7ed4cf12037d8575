#include "stoker/engine/bytecode.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit/engine/python_scratch.hpp"

namespace stoker::engine {
namespace {

using testing::HasSubstr;
using testing::Not;

class Bytecode : public PythonScratch {
protected:
  void SetUp() override {
    PythonScratch::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    write_package();
    static const auto asked = python_of(Kind::vllm, {"python3", "-m", "vllm"});
    ASSERT_TRUE(asked);
    // The package alone: what this machine's own library has does not matter here.
    m_python.tag = asked->tag;
    m_python.magic = asked->magic;
    m_python.package = package();
    m_python.packages = {{"vllm", package()}};
  }
  void compile(const std::vector<std::string>& arguments, const Environment& environment = {}) const {
    std::vector<std::string> all = {"-m", "compileall", "-q"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    run_python(all, environment);
  }
  [[nodiscard]] record::FileState state(const Environment& more = {}) const {
    Environment environment = {{"PYTHONDONTWRITEBYTECODE", std::nullopt}, {"PYTHONPYCACHEPREFIX", std::nullopt}, {"PYTHONOPTIMIZE", std::nullopt}};
    for (const auto& [name, value] : more) environment[name] = value;
    return bytecode_state(m_python, environment);
  }
  [[nodiscard]] std::string package() const { return site() + "/vllm"; }
  [[nodiscard]] BytecodeCount counted() const { return count_bytecode(package(), {m_python.tag, m_python.magic, ""}); }

  Python m_python;
};

TEST_F(Bytecode, none) {
  const auto found = state();
  EXPECT_EQ(found.what, "bytecode");
  EXPECT_EQ(found.state, "none");
  EXPECT_EQ(found.reason, "none installed for 4 modules");
  EXPECT_EQ(found.path, package());
}

TEST_F(Bytecode, complete) {
  compile({package()});
  EXPECT_EQ(state().state, "complete");
  EXPECT_EQ(state().reason, "4 of 4 modules have bytecode");
}

TEST_F(Bytecode, forbidden_yet_there_is_complete) {
  compile({package()});
  EXPECT_EQ(state({{"PYTHONDONTWRITEBYTECODE", "1"}}).state, "complete");
}

TEST_F(Bytecode, partial) {
  compile({package() + "/a.py"});
  EXPECT_EQ(state().state, "partial");
  EXPECT_EQ(state().reason, "1 of 4 modules have bytecode");
}

TEST_F(Bytecode, forbidden) {
  EXPECT_EQ(state({{"PYTHONDONTWRITEBYTECODE", "1"}}).reason,
            "none installed for 4 modules, and PYTHONDONTWRITEBYTECODE keeps Python from writing it");
  EXPECT_THAT(state({{"PYTHONDONTWRITEBYTECODE", ""}}).reason, Not(HasSubstr("PYTHONDONTWRITEBYTECODE")));
}

TEST_F(Bytecode, what_a_wrapper_sets_wins) {
  m_python.environment = {{"PYTHONDONTWRITEBYTECODE", "1"}};
  EXPECT_THAT(state().reason, HasSubstr("PYTHONDONTWRITEBYTECODE keeps"));
  m_python.environment = {{"PYTHONDONTWRITEBYTECODE", std::nullopt}};
  EXPECT_THAT(state({{"PYTHONDONTWRITEBYTECODE", "1"}}).reason, Not(HasSubstr("PYTHONDONTWRITEBYTECODE keeps")));
}

TEST_F(Bytecode, stale_by_mtime_or_size) {
  compile({package()});
  const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (package() + "/a.py").c_str(), times, 0), 0);
  EXPECT_EQ(counted().stale, 1U);
  EXPECT_EQ(state().state, "partial");
  EXPECT_EQ(state().reason, "3 of 4 modules have bytecode, 1 have some that does not fit their source");
}

TEST_F(Bytecode, of_another_python_does_not_count) {
  compile({package()});
  EXPECT_EQ(count_bytecode(package(), {m_python.tag, "deadbeef", ""}).stale, 4U);
  EXPECT_EQ(count_bytecode(package(), {"cpython-27", m_python.magic, ""}).fitting, 0U);
  EXPECT_EQ(count_bytecode(package(), {"cpython-27", m_python.magic, ""}).stale, 0U);
}

TEST_F(Bytecode, hash_based_counts_whatever_the_mtime) {
  compile({"--invalidation-mode", "unchecked-hash", package()});
  const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (package() + "/a.py").c_str(), times, 0), 0);
  EXPECT_EQ(counted().fitting, 4U);
}

TEST_F(Bytecode, under_a_prefix) {
  const std::string prefix = m_folder + "/elsewhere";
  compile({package()}, {{"PYTHONPYCACHEPREFIX", prefix}});
  EXPECT_EQ(state().state, "none");
  const auto found = state({{"PYTHONPYCACHEPREFIX", prefix + "/"}});
  EXPECT_EQ(found.state, "complete") << found.reason;
  EXPECT_EQ(found.path, prefix);
  // With a prefix Python does not look beside the source.
  compile({package()});
  EXPECT_EQ(state({{"PYTHONPYCACHEPREFIX", m_folder + "/empty"}}).state, "none");
}

TEST_F(Bytecode, optimised_has_files_of_its_own) {
  compile({package()});
  EXPECT_EQ(state({{"PYTHONOPTIMIZE", "1"}}).state, "none");
  compile({"-o", "1", package()});
  EXPECT_EQ(state({{"PYTHONOPTIMIZE", "1"}}).state, "complete");
}

TEST_F(Bytecode, broken_files_do_not_count) {
  compile({package()});
  const std::string file = package() + "/__pycache__/a." + m_python.tag + ".pyc";
  std::ofstream(file, std::ios::trunc) << "short";
  EXPECT_EQ(counted().stale, 1U);
  ASSERT_EQ(::unlink(file.c_str()), 0);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);  // must not block
  EXPECT_EQ(counted().stale, 1U);
}

TEST_F(Bytecode, links_in_circles_are_not_followed) {
  ASSERT_EQ(::symlink(package().c_str(), (package() + "/deep/again").c_str()), 0);
  EXPECT_EQ(counted().modules, 4U);
}

TEST_F(Bytecode, a_package_that_is_gone_is_unknown) {
  m_python.packages = {{"vllm", m_folder + "/nowhere"}};
  m_python.package = m_folder + "/nowhere";
  EXPECT_EQ(state().state, "unknown");
}

TEST_F(Bytecode, a_folder_that_may_not_be_written) {
  if (::getuid() == 0) GTEST_SKIP() << "root may write everywhere; JudgeBytecode.names_the_obstacles covers the sentence";
  ASSERT_EQ(::chmod(package().c_str(), 0555), 0);
  const auto found = state();
  ASSERT_EQ(::chmod(package().c_str(), 0755), 0);
  EXPECT_THAT(found.reason, HasSubstr(package() + " may not be written"));
}

TEST_F(Bytecode, the_real_library_is_counted) {
  const auto python = python_of(Kind::command, {"python3", "-m", "http.server"});
  ASSERT_TRUE(python);
  const auto found = bytecode_state(*python, {});
  EXPECT_NE(found.state, "unknown") << python->stdlib;
}

TEST(JudgeBytecode, names_the_obstacles) {
  EXPECT_EQ(judge_bytecode({100, 0, 0}, {false, "/opt/venv"}).reason, "none installed for 100 modules, and /opt/venv may not be written");
  EXPECT_EQ(judge_bytecode({100, 0, 0}, {true, "/opt/venv"}).reason,
            "none installed for 100 modules, and PYTHONDONTWRITEBYTECODE keeps Python from writing it, and /opt/venv may not be written");
  EXPECT_EQ(judge_bytecode({1000, 990, 0}, {}).state, "complete");
  EXPECT_EQ(judge_bytecode({1000, 989, 0}, {}).state, "partial");
  EXPECT_EQ(judge_bytecode({0, 0, 0}, {}).state, "unknown");
}

TEST(Variable, overlay_then_ours) {
  EXPECT_EQ(variable({{"HOME", "/x"}}, "HOME"), "/x");
  EXPECT_EQ(variable({{"HOME", std::nullopt}}, "HOME"), "");
  EXPECT_EQ(variable({}, "STOKER_NOBODY_SETS_THIS"), "");
}

}  // namespace
}  // namespace stoker::engine
