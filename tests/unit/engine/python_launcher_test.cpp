#include "stoker/engine/python_launcher.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "stoker/os/file.hpp"
#include "stoker/os/spawn.hpp"

namespace stoker::engine {
namespace {

TEST(Interpreter, of_a_shebang) {
  EXPECT_EQ(interpreter_named("#!/opt/venv/bin/python3\nimport sys\n", "/s"), "/opt/venv/bin/python3");
  EXPECT_EQ(interpreter_named("#! /opt/venv/bin/python3.12 -u\n", "/s"), "/opt/venv/bin/python3.12");
  EXPECT_EQ(interpreter_named("#!/bin/bash\n", "/s"), std::nullopt);
  EXPECT_EQ(interpreter_named("#!/bin/pythonista\n", "/s"), std::nullopt);
  EXPECT_EQ(interpreter_named("\x7f" "ELF", "/s"), std::nullopt);
  EXPECT_EQ(interpreter_named("#!", "/s"), std::nullopt);
  EXPECT_EQ(interpreter_named("", "/s"), std::nullopt);
}

TEST(Interpreter, of_env) {
  const auto python = os::find_program("python3");
  if (!python) GTEST_SKIP() << "no python3 in PATH";
  EXPECT_EQ(interpreter_named("#!/usr/bin/env python3\n", "/s"), *python);
  EXPECT_EQ(interpreter_named("#!/usr/bin/env -S A=1 python3 -u\n", "/s"), *python);
  EXPECT_EQ(interpreter_named("#!/usr/bin/env python-that-is-not-there\n", "/s"), std::nullopt);
}

TEST(Interpreter, behind_the_shell_that_long_paths_need) {
  EXPECT_EQ(interpreter_named("#!/bin/sh\n'''exec' \"/long path/bin/python3\" \"$0\" \"$@\"\n' '''\n", "/s"), "/long path/bin/python3");
  EXPECT_EQ(interpreter_named("#!/bin/sh\n'''exec' /very/long/bin/python \"$0\" \"$@\"\n' '''\n", "/s"), "/very/long/bin/python");
  EXPECT_EQ(interpreter_named("#!/bin/sh\n'''exec' /bin/ruby \"$0\" \"$@\"\n' '''\n", "/s"), std::nullopt);
  EXPECT_EQ(interpreter_named("#!/bin/sh\nexec java\n", "/s"), std::nullopt);
}

TEST(Interpreter, of_a_relocatable_script_lies_beside_it) {
  const auto folder = os::make_private_folder(os::temporary_folder(), "launcher-");
  ASSERT_TRUE(folder);
  const std::string script = *folder + "/vllm";
  std::ofstream(script) << "x";
  EXPECT_EQ(interpreter_named("#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python3' \"$0\" \"$@\"\n' '''\n", script),
            *os::real_path(*folder) + "/python3");
  EXPECT_TRUE(os::remove_tree(*folder));
}

TEST(Launcher, of_scripts_and_of_python_itself) {
  const auto folder = os::make_private_folder(os::temporary_folder(), "launcher-");
  ASSERT_TRUE(folder);
  const std::string script = *folder + "/vllm";
  std::ofstream(script) << "#!/opt/python3\n";
  ::chmod(script.c_str(), 0755);
  const auto launcher = launcher_of(program_of({"env", "A=1", script, "serve", "/m"}));
  ASSERT_TRUE(launcher);
  EXPECT_EQ(launcher->interpreter, "/opt/python3");
  EXPECT_EQ(launcher->script, script);
  EXPECT_FALSE(launcher_of(program_of({"no-such-program-anywhere"})));
  EXPECT_FALSE(launcher_of(program_of({"/bin/sh", "-c", "vllm"})));
  EXPECT_FALSE(launcher_of(Program{}));
  if (const auto python = os::find_program("python3")) {
    EXPECT_EQ(launcher_of(program_of({"python3", "-m", "x"}))->interpreter, *python);
    EXPECT_EQ(launcher_of(program_of({"python3", "-m", "x"}))->script, "");
  }
  EXPECT_TRUE(os::remove_tree(*folder));
}

}  // namespace
}  // namespace stoker::engine
