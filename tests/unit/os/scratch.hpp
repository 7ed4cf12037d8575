// A private folder that is gone after the test, and the fixture trees.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "stoker/os/file.hpp"
#include "stoker/os/root.hpp"

namespace stoker::os {

class Scratch {
public:
  Scratch() : m_path(make_private_folder(temporary_folder(), "stoker-os-").value()) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { ignore(remove_tree(m_path), "the next reboot does it"); }

  [[nodiscard]] std::string path(const std::string& name = "") const { return name.empty() ? m_path : m_path + "/" + name; }
  [[nodiscard]] std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

private:
  std::string m_path;
};

inline Root fixture(const std::string& name) { return Root(std::string(STOKER_FIXTURES "/roots/") + name); }

}  // namespace stoker::os
