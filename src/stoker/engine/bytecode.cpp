// An engine without .pyc files spends more time compiling Python than loading weights: 72 s against 29 s for vLLM on two
// cores. Whether bytecode counts is decided as Python's importer decides it: by the header, not by the file's being there.
#include "stoker/engine/bytecode.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fmt/core.h>
#include <memory>

#include "stoker/os/fd.hpp"

namespace stoker::engine {
namespace {

constexpr std::uint64_t k_most_modules = 200'000;  // ten times a large vLLM environment
constexpr int k_deepest = 64;                      // folders below folders
constexpr double k_complete = 0.99;                // a few templates in every package do not compile

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

std::uint32_t little_endian(const unsigned char* bytes) {
  return static_cast<std::uint32_t>(bytes[0]) | static_cast<std::uint32_t>(bytes[1]) << 8 |
         static_cast<std::uint32_t>(bytes[2]) << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
}

using Header = std::array<unsigned char, 16>;

// magic, flags, then mtime and size of the source, or (flag bit 0) its hash.
bool fits(const Header& header, const std::string& magic, const struct stat& source) {
  const std::string hex = fmt::format("{:02x}{:02x}{:02x}{:02x}", header[0], header[1], header[2], header[3]);
  if (!magic.empty() && hex != magic) return false;
  const std::uint32_t flags = little_endian(&header[4]);
  if ((flags & 1U) != 0) return flags <= 3;
  return flags == 0 && little_endian(&header[8]) == static_cast<std::uint32_t>(source.st_mtim.tv_sec) &&
         little_endian(&header[12]) == static_cast<std::uint32_t>(source.st_size);
}

class Counter {
public:
  Counter(const BytecodeRules& rules, const std::vector<std::string>& skip) : m_rules(rules), m_skip(skip) {}

  void enter(const std::string& path, int depth) {
    const Folder folder(::opendir(path.c_str()));
    if (!folder) return;
    std::vector<std::string> below;
    for (const dirent* entry = ::readdir(folder.get()); entry != nullptr; entry = ::readdir(folder.get())) {
      const std::string name = entry->d_name;
      if (name.ends_with(".py"))
        look(path, ::dirfd(folder.get()), name);
      else if (is_folder(::dirfd(folder.get()), *entry) && enters(name) && depth < k_deepest)
        below.push_back(path + "/" + name);
      if (m_count.modules >= k_most_modules) return;
    }
    for (const auto& each : below) enter(each, depth + 1);
  }
  [[nodiscard]] const BytecodeCount& count() const { return m_count; }

private:
  [[nodiscard]] bool enters(const std::string& name) const {
    return name != "." && name != ".." && name != "__pycache__" && std::find(m_skip.begin(), m_skip.end(), name) == m_skip.end();
  }

  static bool is_folder(int at, const dirent& entry) {
    if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
    struct stat facts{};
    return ::fstatat(at, entry.d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(facts.st_mode);
  }

  void look(const std::string& path, int at, const std::string& name) {
    struct stat source{};
    if (::fstatat(at, name.c_str(), &source, 0) != 0 || !S_ISREG(source.st_mode)) return;
    ++m_count.modules;
    const std::string file = name.substr(0, name.size() - 3) + "." + m_rules.tag + ".pyc";
    // An absolute path makes openat forget its folder.
    const os::Fd bytecode(::openat(at, (m_rules.prefix.empty() ? "__pycache__/" + file : m_rules.prefix + path + "/" + file).c_str(),
                                   O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!bytecode.valid()) return;
    // Without the advice these 16 bytes would warm 16 pages of a file whose state somebody wants to measure.
    ::posix_fadvise(bytecode.get(), 0, 0, POSIX_FADV_RANDOM);
    Header header{};
    const bool whole = ::pread(bytecode.get(), header.data(), header.size(), 0) == static_cast<ssize_t>(header.size());
    ++(whole && fits(header, m_rules.magic, source) ? m_count.fitting : m_count.stale);
  }

  const BytecodeRules& m_rules;
  const std::vector<std::string>& m_skip;
  BytecodeCount m_count;
};

std::string absolute(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  std::array<char, 4096> here{};
  return ::getcwd(here.data(), here.size()) == nullptr ? path : std::string(here.data()) + "/" + path;
}

// Folders of the standard library that no start imports, and that distributions leave uncompiled.
const std::vector<std::string> k_library_extras = {"site-packages", "dist-packages", "test", "tests", "idlelib", "idle_test",
                                                   "turtledemo", "lib2to3", "ensurepip", "tkinter"};

BytecodeRules rules_of(const Python& python, const Environment& environment) {
  BytecodeRules rules{python.tag, python.magic, absolute(variable(environment, "PYTHONPYCACHEPREFIX"))};
  while (rules.prefix.size() > 1 && rules.prefix.ends_with('/')) rules.prefix.pop_back();
  if (const auto level = variable(environment, "PYTHONOPTIMIZE"); !level.empty() && level != "0")
    rules.tag += std::strtol(level.c_str(), nullptr, 10) >= 2 ? ".opt-2" : ".opt-1";
  return rules;
}

// The folder itself where it exists, else the nearest one above it, which Python would have to make it in.
std::string unwritable(std::string folder) {
  while (folder.size() > 1 && ::access(folder.c_str(), F_OK) != 0) folder.resize(std::max<std::size_t>(folder.rfind('/'), 1));
  return ::access(folder.c_str(), W_OK | X_OK) == 0 ? "" : folder;
}

BytecodeObstacles obstacles_of(const std::string& folder, const std::string& prefix, const Environment& environment) {
  BytecodeObstacles obstacles;
  obstacles.forbidden = !variable(environment, "PYTHONDONTWRITEBYTECODE").empty();
  obstacles.unwritable = unwritable(prefix.empty() ? folder : prefix);
  return obstacles;
}

void add(BytecodeCount& sum, const BytecodeCount& one) {
  sum.modules += one.modules;
  sum.fitting += one.fitting;
  sum.stale += one.stale;
}

}  // namespace

std::string variable(const Environment& environment, const char* name) {
  if (const auto found = environment.find(name); found != environment.end()) return found->second.value_or("");
  const char* ours = std::getenv(name);
  return ours == nullptr ? "" : ours;
}

BytecodeCount count_bytecode(const std::string& folder, const BytecodeRules& rules, const std::vector<std::string>& skip) {
  Counter counter(rules, skip);
  counter.enter(folder, 0);
  return counter.count();
}

record::FileState judge_bytecode(const BytecodeCount& count, const BytecodeObstacles& obstacles) {
  record::FileState state;
  state.what = "bytecode";
  if (count.modules == 0) {
    state.state = "unknown";
    state.reason = "no Python modules found";
    return state;
  }
  const bool complete = static_cast<double>(count.fitting) >= k_complete * static_cast<double>(count.modules);
  state.state = complete ? "complete" : count.fitting > 0 ? "partial" : "none";
  state.reason = fmt::format("{} of {} modules have bytecode", count.fitting, count.modules);
  if (count.fitting == 0) state.reason = fmt::format("none installed for {} modules", count.modules);
  if (count.stale > 0) state.reason += fmt::format(", {} have some that does not fit their source", count.stale);
  if (complete) return state;
  if (obstacles.forbidden) state.reason += ", and PYTHONDONTWRITEBYTECODE keeps Python from writing it";
  if (!obstacles.unwritable.empty()) state.reason += ", and " + obstacles.unwritable + " may not be written";
  return state;
}

record::FileState bytecode_state(const Python& python, const Environment& launched) {
  Environment environment = python.environment;
  environment.insert(launched.begin(), launched.end());  // keeps what the wrappers set
  const BytecodeRules rules = rules_of(python, environment);
  BytecodeCount sum;
  if (!rules.tag.empty()) {
    for (const auto& [name, folder] : python.packages) add(sum, count_bytecode(folder, rules));
    if (!python.package.empty() && python.packages.empty()) add(sum, count_bytecode(python.package, rules));
    if (!python.stdlib.empty()) add(sum, count_bytecode(python.stdlib, rules, k_library_extras));
  }
  const std::string folder = !python.package.empty() ? python.package : python.stdlib;
  auto state = judge_bytecode(sum, obstacles_of(folder, rules.prefix, environment));
  state.path = rules.prefix.empty() ? folder : rules.prefix;
  return state;
}

}  // namespace stoker::engine
