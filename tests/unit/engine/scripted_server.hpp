// Starts tests/unit/engine/scripted_server.py, and keeps what its tests need around it.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "stoker/engine/server.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/process.hpp"
#include "stoker/os/sockets.hpp"

namespace stoker::engine {

inline const std::string k_script = STOKER_FIXTURES "/../unit/engine/scripted_server.py";

class ScriptedServer : public ::testing::Test {
public:
  static bool said(const Server& server, const std::string& line) {
    for (const auto& known : server.lines())
      if (known.text == line) return true;
    return false;
  }

protected:
  void SetUp() override {
    const auto folder = os::make_private_folder(os::temporary_folder(), "stoker-engine-");
    ASSERT_TRUE(folder) << folder.error().message();
    m_folder = *folder;
    const auto port = os::pick_free_port();
    ASSERT_TRUE(port) << port.error().message();
    m_port = *port;
  }
  void TearDown() override { ignore(os::remove_tree(m_folder), "a folder below /tmp"); }

  [[nodiscard]] std::vector<std::string> argv(const std::vector<std::string>& flags) const {
    std::vector<std::string> words{"python3", "-S", k_script, "--port", std::to_string(m_port)};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  [[nodiscard]] LaunchPlan plan(const std::vector<std::string>& flags, Kind kind = Kind::command) const {
    return {.kind = kind, .argv = argv(flags), .port = m_port};
  }
  [[nodiscard]] std::string file(const std::string& name) const { return m_folder + "/" + name; }
  static void touch(const std::string& path) { std::ofstream(path) << "now\n"; }

  std::string m_folder;
  std::uint16_t m_port = 0;
};

// For waits that end by themselves: far beyond what any machine needs.
inline constexpr Seconds k_plenty{60};

}  // namespace stoker::engine
