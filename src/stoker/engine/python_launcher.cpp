#include "stoker/engine/python_launcher.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "stoker/base/text.hpp"
#include "stoker/os/fd.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/spawn.hpp"

namespace stoker::engine {
namespace {

constexpr std::size_t k_head = 4096;  // a #! line of the kernel's has at most 255 bytes; pip's second line a long path

std::optional<std::string> head_of(const std::string& path) {
  auto file = os::open_file(path, O_RDONLY);
  if (!file) return std::nullopt;
  std::string head(k_head, '\0');
  const ssize_t got = ::pread(file->get(), head.data(), head.size(), 0);
  if (got < 0) return std::nullopt;
  head.resize(static_cast<std::size_t>(got));
  return head;
}

// "python3" of `env -S python3 -u`, looked up in PATH; a path as it is.
std::optional<std::string> from_shebang(std::string_view line) {
  auto words = split_blank(line);
  if (!words.empty() && base_name(words.front()) == "env") {
    words.erase(words.begin());
    while (!words.empty() && (words.front().starts_with('-') || words.front().find('=') != std::string_view::npos))
      words.erase(words.begin());
  }
  if (words.empty() || !is_python(words.front())) return std::nullopt;
  if (words.front().find('/') != std::string_view::npos) return std::string(words.front());
  auto found = os::find_program(std::string(words.front()));
  return found ? std::optional(*found) : std::nullopt;
}

// What stands between `exec' ` and ` "$0"`, quotes gone.
std::optional<std::string> from_exec(std::string_view head, const std::string& script) {
  const std::string_view opening = "'''exec' ";
  const auto begin = head.find(opening);
  if (begin == std::string_view::npos) return std::nullopt;
  std::string_view line = head.substr(begin + opening.size());
  line = line.substr(0, line.find('\n'));
  const auto end = line.rfind(" \"$0\"");
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view path = trim(line.substr(0, end));
  if (path.find("realpath") != std::string_view::npos) {  // "$(dirname -- "$(realpath -- "$0")")"/'python3'
    const auto slash = path.rfind('/');
    auto real = os::real_path(script);
    if (!real || slash == std::string_view::npos) return std::nullopt;
    std::string_view name = path.substr(slash + 1);
    while (!name.empty() && (name.front() == '\'' || name.front() == '"')) name.remove_prefix(1);
    while (!name.empty() && (name.back() == '\'' || name.back() == '"')) name.remove_suffix(1);
    path = name;
    return is_python(path) ? std::optional(real->substr(0, real->rfind('/') + 1) + std::string(path)) : std::nullopt;
  }
  if (path.size() > 1 && (path.front() == '"' || path.front() == '\'') && path.back() == path.front())
    path = path.substr(1, path.size() - 2);
  return is_python(path) ? std::optional(std::string(path)) : std::nullopt;
}

// uv runs what the project's environment has before it looks into PATH.
std::optional<std::string> in_project(const std::string& name) {
  const char* chosen = std::getenv("UV_PROJECT_ENVIRONMENT");
  const std::string folder = chosen != nullptr && *chosen != '\0' ? chosen : ".venv";
  const std::string path = folder + "/bin/" + name;
  return ::access(path.c_str(), X_OK) == 0 ? std::optional(path) : std::nullopt;
}

}  // namespace

std::optional<std::string> interpreter_named(std::string_view head, const std::string& script) {
  if (!head.starts_with("#!")) return std::nullopt;
  const std::string_view first = head.substr(2, head.find('\n') - 2);
  if (auto python = from_shebang(first)) return python;
  return from_exec(head, script);
}

std::optional<Launcher> launcher_of(const Program& program) {
  if (program.argv.empty()) return std::nullopt;
  std::string path = program.argv.front();
  const bool bare = path.find('/') == std::string::npos;
  std::optional<std::string> project;
  if (program.by_uv && bare) project = in_project(path);
  if (project) {
    path = *project;
  } else if (auto found = os::find_program(path)) {
    path = *found;
  } else {
    return std::nullopt;
  }
  if (is_python(program.argv.front())) return Launcher{path, ""};
  const auto head = head_of(path);
  if (!head) return std::nullopt;
  auto python = interpreter_named(*head, path);
  if (!python) return std::nullopt;
  return Launcher{*python, path};
}

}  // namespace stoker::engine
