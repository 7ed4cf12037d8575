// A folder on disk (not tmpfs: its pages cannot be evicted) that goes away with the test.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "stoker/os/file.hpp"

namespace stoker::test {

class Scratch {
public:
  Scratch() : m_path(os::make_private_folder("/var/tmp", "stoker-test-").value()) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { ignore(os::remove_tree(m_path), "scratch"); }

  [[nodiscard]] const std::string& path() const { return m_path; }
  std::string file(const std::string& name, std::size_t bytes) const {
    std::string path = m_path + "/" + name;
    std::ofstream(path, std::ios::binary) << std::string(bytes, 'w');
    return path;
  }

private:
  std::string m_path;
};

}  // namespace stoker::test
