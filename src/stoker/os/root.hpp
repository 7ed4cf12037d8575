// Where kernel facts are read from: "/" in life, a fixture tree in tests.
#pragma once

#include <string>
#include <string_view>

namespace stoker::os {

class Root {
public:
  Root() = default;
  explicit Root(std::string prefix) : m_prefix(std::move(prefix)) {}
  // "/proc/mounts" → "<prefix>/proc/mounts".
  [[nodiscard]] std::string path(std::string_view absolute) const { return m_prefix + std::string(absolute); }

private:
  std::string m_prefix;
};

}  // namespace stoker::os
