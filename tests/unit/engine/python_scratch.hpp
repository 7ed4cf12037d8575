// A folder with a small Python package in it, and the Python that is in PATH.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "stoker/os/file.hpp"
#include "stoker/os/spawn.hpp"

namespace stoker::engine {

class PythonScratch : public testing::Test {
protected:
  void SetUp() override {
    if (!os::find_program("python3")) GTEST_SKIP() << "no python3 in PATH";
    auto folder = os::make_private_folder(os::temporary_folder(), "python-");
    ASSERT_TRUE(folder);
    m_folder = *os::real_path(*folder);
  }
  void TearDown() override {
    if (m_folder.empty()) return;
    EXPECT_TRUE(os::remove_tree(m_folder));
  }

  void write(const std::string& path, const std::string& text) const {
    const std::string whole = m_folder + "/" + path;
    ASSERT_TRUE(os::make_folders(whole.substr(0, whole.rfind('/'))));
    std::ofstream(whole) << text;
  }
  // vllm with 4 modules in two folders.
  void write_package() const {
    write("site/vllm/__init__.py", "__version__ = '1'\nraise ImportError('imported')\n");
    write("site/vllm/a.py", "A = 1\n");
    write("site/vllm/deep/__init__.py", "");
    write("site/vllm/deep/b.py", "B = 2\n");
    write("site/vllm/data.txt", "no module");
    write("site/vllm-9.8.7.dist-info/METADATA", "Metadata-Version: 2.1\nName: vllm\nVersion: 9.8.7\n");
  }
  std::string run_python(std::vector<std::string> arguments, std::map<std::string, std::optional<std::string>> environment = {}) const {
    arguments.insert(arguments.begin(), "python3");
    os::SpawnPlan plan;
    plan.argv = std::move(arguments);
    plan.environment = std::move(environment);
    plan.environment.try_emplace("PYTHONDONTWRITEBYTECODE", std::nullopt);
    const auto finished = os::run_to_end(plan, Seconds(60));
    EXPECT_TRUE(finished && finished->exit.code == 0) << (finished ? finished->output : finished.error().message());
    return finished ? finished->output : "";
  }
  [[nodiscard]] std::string site() const { return m_folder + "/site"; }

  std::string m_folder;
};

}  // namespace stoker::engine
