// A private folder, and files written byte by byte.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "stoker/model/source.hpp"
#include "stoker/model/weights.hpp"
#include "stoker/os/file.hpp"

namespace stoker::model {

class Scratch {
public:
  Scratch() : m_path(os::make_private_folder(os::temporary_folder(), "stoker-model-").value()) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { ignore(os::remove_tree(m_path), "the next reboot does it"); }

  [[nodiscard]] std::string path(const std::string& name = "") const { return name.empty() ? m_path : m_path + "/" + name; }
  [[nodiscard]] std::string write(const std::string& name, std::string_view text) const {
    const std::string full = path(name);
    EXPECT_TRUE(os::make_folders(full.substr(0, full.rfind('/'))));
    std::ofstream(full, std::ios::binary) << text;
    return full;
  }

private:
  std::string m_path;
};

inline Source source_of(const std::string& bytes) { return memory_source("m", std::as_bytes(std::span(bytes))); }

inline std::string little(std::uint64_t value, unsigned width) {
  std::string bytes;
  for (unsigned i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

inline std::string safetensors_file(const std::string& header, std::size_t data) { return little(header.size(), 8) + header + std::string(data, 'x'); }

// Two F32 tensors of 8 bytes each.
inline std::string two_tensors() {
  return safetensors_file(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}})", 16);
}

inline std::string fixture(const std::string& name) { return STOKER_FIXTURES "/models/" + name; }

inline std::string said(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) text += (finding.error ? "error: " : "note: ") + finding.what + "\n";
  return text;
}

// STOKER_SEED replays a run.
inline std::uint64_t test_seed() {
  const char* given = std::getenv("STOKER_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  ::testing::Test::RecordProperty("seed", std::to_string(seed));
  return seed;
}

}  // namespace stoker::model
