// GGUF files for tests, written field by field.
#pragma once

#include <string>
#include <vector>

#include "unit/model/scratch.hpp"

namespace stoker::model {

struct GgufBuilder {
  std::uint32_t version = 3;
  std::vector<std::string> pairs, infos;
  std::size_t data = 0;

  static std::string text(const std::string& value) { return little(value.size(), 8) + value; }
  GgufBuilder& pair(const std::string& key, std::uint32_t type, const std::string& value) {
    pairs.push_back(text(key) + little(type, 4) + value);
    return *this;
  }
  GgufBuilder& info(const std::string& name, const std::vector<std::uint64_t>& dims, std::uint32_t type, std::uint64_t offset) {
    std::string bytes = text(name) + little(dims.size(), 4);
    for (const std::uint64_t dim : dims) bytes += little(dim, 8);
    infos.push_back(bytes + little(type, 4) + little(offset, 8));
    return *this;
  }
  [[nodiscard]] std::string build() const {
    std::string bytes = "GGUF" + little(version, 4) + little(infos.size(), 8) + little(pairs.size(), 8);
    for (const std::string& pair : pairs) bytes += pair;
    for (const std::string& info : infos) bytes += info;
    bytes.resize((bytes.size() + 31) / 32 * 32, '\0');
    return bytes + std::string(data, 'x');
  }
};

// One of everything that real files have.
inline GgufBuilder tiny_gguf() {
  GgufBuilder builder;
  builder.pair("general.architecture", 8, GgufBuilder::text("llama")).pair("general.name", 8, GgufBuilder::text("tiny"));
  builder.pair("general.alignment", 4, little(32, 4)).pair("a.flag", 7, little(1, 1)).pair("a.real", 6, little(0x3f800000, 4));
  builder.pair("tokens", 9, little(8, 4) + little(2, 8) + GgufBuilder::text("x") + GgufBuilder::text("yy"));
  builder.pair("types", 9, little(5, 4) + little(3, 8) + std::string(12, '\1'));
  builder.pair("nested", 9, little(9, 4) + little(1, 8) + little(4, 4) + little(1, 8) + little(7, 4));
  builder.info("token_embd.weight", {256, 2}, 12, 0).info("norm.weight", {6}, 0, 288);
  builder.data = 312;
  return builder;
}

}  // namespace stoker::model
