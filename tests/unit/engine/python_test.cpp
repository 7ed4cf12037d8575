#include "stoker/engine/python.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "unit/engine/python_scratch.hpp"

namespace stoker::engine {
namespace {

using testing::Contains;
using testing::StartsWith;

class PythonOf : public PythonScratch {};

TEST_F(PythonOf, finds_the_package_without_importing_it) {
  write_package();
  const auto python = python_of(Kind::vllm, {"env", "PYTHONPATH=" + site(), "python3", "-m", "vllm.entrypoints.openai.api_server"});
  ASSERT_TRUE(python);
  EXPECT_EQ(python->package, site() + "/vllm");
  EXPECT_EQ(python->packages.at("vllm"), site() + "/vllm");
  EXPECT_EQ(python->versions.at("vllm"), "9.8.7");
  EXPECT_EQ(python->environment.at("PYTHONPATH"), site());
  EXPECT_THAT(python->tag, StartsWith("cpython-"));
  EXPECT_EQ(python->magic.size(), 8U);
  EXPECT_THAT(python->folders, Contains(python->stdlib));
  EXPECT_FALSE(python->interpreter.empty());
}

TEST_F(PythonOf, goes_through_the_script) {
  write_package();
  write("bin/vllm", "#!/usr/bin/env python3\nraise SystemExit('ran')\n");
  ::chmod((m_folder + "/bin/vllm").c_str(), 0755);
  const auto python = python_of(Kind::vllm, {"env", "PYTHONPATH=" + site(), m_folder + "/bin/vllm", "serve", "/m"});
  ASSERT_TRUE(python);
  EXPECT_EQ(python->package, site() + "/vllm");
}

TEST_F(PythonOf, writes_no_bytecode) {
  write_package();
  ASSERT_TRUE(python_of(Kind::vllm, {"env", "PYTHONPATH=" + site(), "python3", "-m", "vllm"}));
  const auto files = os::files_under(m_folder);
  ASSERT_TRUE(files);
  for (const auto& file : *files) EXPECT_FALSE(file.ends_with(".pyc")) << file;
}

TEST_F(PythonOf, noise_of_site_hooks_is_passed_over) {
  write("site/sitecustomize.py", "print('hello {\"tag\": 1}')\n");
  const auto python = python_of(Kind::vllm, {"env", "PYTHONPATH=" + site(), "python3", "-m", "vllm"});
  ASSERT_TRUE(python);
  EXPECT_THAT(python->tag, StartsWith("cpython-"));
}

TEST_F(PythonOf, an_engine_that_is_not_installed_has_no_package) {
  const auto python = python_of(Kind::sglang, {"env", "PYTHONNOUSERSITE=1", "python3", "-m", "sglang.launch_server"});
  ASSERT_TRUE(python);
  if (python->versions.contains("sglang")) GTEST_SKIP() << "sglang is installed here";
  EXPECT_EQ(python->package, "");
}

TEST_F(PythonOf, nothing_for_what_is_no_python) {
  EXPECT_FALSE(python_of(Kind::llama_server, {"llama-server"}));
  EXPECT_FALSE(python_of(Kind::lab, {"stoker", "lab", "engine"}));
  EXPECT_FALSE(python_of(Kind::vllm, {"podman", "run", "vllm/vllm-openai"}));
  EXPECT_FALSE(python_of(Kind::vllm, {"no-such-vllm-anywhere", "serve"}));
  EXPECT_FALSE(python_of(Kind::command, {"sh", "-c", "vllm serve"}));
  EXPECT_FALSE(python_of(Kind::vllm, {}));
}

TEST_F(PythonOf, an_interpreter_that_fails_is_nothing) {
  write("bin/python3", "#!/bin/sh\nexit 3\n");
  ::chmod((m_folder + "/bin/python3").c_str(), 0755);
  EXPECT_FALSE(python_of(Kind::vllm, {m_folder + "/bin/python3", "-m", "vllm"}));
}

}  // namespace
}  // namespace stoker::engine
