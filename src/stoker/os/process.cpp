#include "stoker/os/process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <array>
#include <charconv>

#include "stoker/base/text.hpp"

namespace stoker::os {
namespace {

constexpr Bytes k_proc_limit = 64 * k_mib;  // maps of a process with torch loaded is over 1 MiB

std::string proc_path(pid_t pid, std::string_view file, const Root& root) { return root.path(fmt::format("/proc/{}/{}", pid, file)); }

std::uint64_t number_or_zero(std::string_view text) {
  std::uint64_t number = 0;
  return parse_number(text, number) ? number : 0;
}

pid_t pid_or_zero(std::string_view text) {
  const std::uint64_t number = number_or_zero(text);
  return number <= INT32_MAX ? static_cast<pid_t>(number) : 0;
}

bool parse_hex(std::string_view text, std::uint64_t& number) {
  const auto [rest, code] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  return code == std::errc() && rest == text.data() + text.size();
}

std::vector<pid_t> pids_in(const Root& root) {
  std::vector<pid_t> pids;
  const auto names = list_folder(root.path("/proc"));
  for (const auto& name : names ? *names : std::vector<std::string>{})
    if (const pid_t pid = pid_or_zero(name); pid > 0) pids.push_back(pid);
  return pids;
}

// One line of maps: "7f00-7f10 r--p 00000000 fd:01 1234    /a path with blanks"
std::optional<Mapping> parse_mapping(std::string_view line) {
  const auto fields = split_blank(line.substr(0, line.find('/')));
  if (fields.size() < 5) return std::nullopt;
  const auto numbers = split(fields[3], ':');
  std::uint64_t major = 0, minor = 0, inode = 0;
  if (numbers.size() != 2 || !parse_hex(numbers[0], major) || !parse_hex(numbers[1], minor) || !parse_number(fields[4], inode) || inode == 0) return std::nullopt;
  const std::size_t slash = line.find('/');
  std::string path(slash == std::string_view::npos ? std::string_view() : line.substr(slash));
  for (std::size_t at = path.find("\\012"); at != std::string::npos; at = path.find("\\012", at + 1)) path.replace(at, 4, "\n");
  return Mapping{{::makedev(static_cast<unsigned>(major), static_cast<unsigned>(minor)), static_cast<ino_t>(inode)}, std::move(path)};
}

constexpr std::string_view k_blot = "***";
// Of an option's name its last part: --api-key, --admin-api-key, --hf-token, --ssl-keyfile-password.
constexpr std::array<std::string_view, 4> k_secret_endings{"-key", "-token", "-password", "-secret"};

// vLLM takes --api_key as well as --api-key.
std::string dashed(std::string argument) {
  std::ranges::replace(argument, '_', '-');
  return argument;
}

// Where in an argument a secret begins, if one stands behind a name: HF_TOKEN=…, --password=…, and in the
// text of `sh -c` too. What follows is lost to the reader, which is the safe side.
std::size_t secret_within(std::string_view argument) {
  constexpr std::array<std::string_view, 4> words{"TOKEN", "KEY", "SECRET", "PASSWORD"};
  const std::string plain = dashed(std::string(argument));
  std::size_t begin = std::string_view::npos;
  for (std::string_view ending : k_secret_endings)
    for (std::size_t at = plain.find(ending); at != std::string::npos; at = plain.find(ending, at + 1)) {
      const std::size_t end = at + ending.size();
      const std::size_t word = plain.find_last_of(" ='\"", at) + 1;
      if (plain.compare(word, 2, "--") == 0 && end < plain.size() && (plain[end] == '=' || plain[end] == ' ')) begin = std::min(begin, end + 1);
    }
  for (std::size_t equals = argument.find('='); equals != std::string_view::npos; equals = argument.find('=', equals + 1)) {
    const std::size_t before = equals == 0 ? std::string_view::npos : argument.find_last_of(" =\"'", equals - 1);
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    const std::string_view name = argument.substr(start, equals - start);
    if (std::ranges::any_of(words, [&](std::string_view word) { return name.find(word) != std::string_view::npos; })) begin = std::min(begin, equals + 1);
  }
  return begin;
}

bool announces_secret(const std::string& argument) {
  const std::string plain = dashed(argument);
  return plain.starts_with("--") && std::ranges::any_of(k_secret_endings, [&](std::string_view ending) { return plain.ends_with(ending); });
}

}  // namespace

std::vector<std::string> without_secrets(const std::vector<std::string>& argv) {
  std::vector<std::string> shown;
  bool secret = false;  // goes on until the next option: vLLM's --api-key takes several
  for (const auto& argument : argv) {
    if (argument.starts_with("-")) secret = false;
    const std::size_t begin = secret_within(argument);
    shown.push_back(secret ? std::string(k_blot) : begin == std::string::npos ? argument : argument.substr(0, begin) + std::string(k_blot));
    secret = secret || announces_secret(argument);
  }
  return shown;
}

std::optional<Process> process(pid_t pid, const Root& root) {
  const auto text = read_text(proc_path(pid, "stat", root));
  if (!text) return std::nullopt;
  // comm may hold blanks, parentheses and newlines; nothing behind it does.
  const std::size_t open = text->find('('), close = text->rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  const auto fields = split_blank(std::string_view(*text).substr(close + 1));
  if (fields.size() < 20) return std::nullopt;
  Process seen;
  seen.pid = pid;
  seen.name = text->substr(open + 1, close - open - 1);
  seen.state = fields[0].front();
  seen.parent = pid_or_zero(fields[1]);
  seen.group = pid_or_zero(fields[2]);
  seen.session = pid_or_zero(fields[3]);
  seen.major_faults = number_or_zero(fields[9]);
  seen.start_ticks = number_or_zero(fields[19]);
  return seen;
}

std::vector<Process> all_processes(const Root& root) {
  std::vector<Process> all;
  for (const pid_t pid : pids_in(root))
    if (auto seen = process(pid, root)) all.push_back(std::move(*seen));
  return all;
}

std::vector<Process> descendants(pid_t ancestor, const std::vector<Process>& processes) {
  std::multimap<pid_t, const Process*> children;
  for (const auto& process : processes) children.emplace(process.parent, &process);
  std::vector<Process> found;
  std::set<pid_t> seen{ancestor};  // a snapshot that is not of one moment may hold a circle
  std::vector<pid_t> open{ancestor};
  while (!open.empty()) {
    const auto [first, last] = children.equal_range(open.back());
    open.pop_back();
    for (auto at = first; at != last; ++at) {
      if (!seen.insert(at->second->pid).second) continue;
      found.push_back(*at->second);
      open.push_back(at->second->pid);
    }
  }
  return found;
}

std::string command_line(pid_t pid, const Root& root) { return printable(join(without_secrets(arguments(pid, root)), " "), 200); }

std::vector<std::string> arguments(pid_t pid, const Root& root) {
  const auto text = read_text(proc_path(pid, "cmdline", root), k_proc_limit);
  std::vector<std::string> argv;
  if (!text || text->empty()) return argv;
  std::string_view rest = *text;
  if (rest.back() == '\0') rest.remove_suffix(1);
  for (std::string_view argument : split(rest, '\0')) argv.emplace_back(argument);
  return argv;
}

std::optional<Bytes> storage_read_bytes(pid_t pid, const Root& root) {
  const auto text = read_fact(proc_path(pid, "io", root));
  if (!text) return std::nullopt;
  for (std::string_view line : split(*text, '\n')) {
    std::uint64_t bytes = 0;
    if (line.starts_with("read_bytes:") && parse_number(trim(line.substr(11)), bytes)) return bytes;
  }
  return std::nullopt;
}

std::vector<Mapping> mapped_files(pid_t pid, const Root& root) {
  const auto text = read_text(proc_path(pid, "maps", root), k_proc_limit);
  std::vector<Mapping> mappings;
  if (!text) return mappings;
  std::set<std::pair<FileId, std::string>> seen;  // a file is mapped in several pieces
  for (std::string_view line : split(*text, '\n'))
    if (auto mapping = parse_mapping(line); mapping && seen.emplace(mapping->id, mapping->path).second) mappings.push_back(std::move(*mapping));
  return mappings;
}

bool reads_directly(pid_t pid, const std::set<FileId>& files, const Root& root) {
  const auto numbers = list_folder(proc_path(pid, "fd", root));
  if (!numbers) return false;
  for (const auto& number : *numbers) {
    const auto facts = look_at(proc_path(pid, "fd/" + number, root));
    if (!facts || !files.contains(facts->id)) continue;
    const auto details = read_fact(proc_path(pid, "fdinfo/" + number, root));
    const std::size_t flags = details ? details->find("flags:") : std::string::npos;
    if (flags == std::string::npos) continue;
    if ((std::strtoul(details->c_str() + flags + 6, nullptr, 8) & O_DIRECT) != 0) return true;
  }
  return false;
}

std::set<std::uint64_t> socket_inodes(pid_t pid, const Root& root) {
  std::set<std::uint64_t> inodes;
  const std::string folder = proc_path(pid, "fd", root);
  const auto names = list_folder(folder);
  for (const auto& name : names ? *names : std::vector<std::string>{}) {
    std::array<char, 64> target{};
    const ssize_t length = ::readlink((folder + "/" + name).c_str(), target.data(), target.size());
    std::string_view link(target.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    std::uint64_t inode = 0;
    if (!link.starts_with("socket:[") || !link.ends_with(']')) continue;
    if (parse_number(link.substr(8, link.size() - 9), inode)) inodes.insert(inode);
  }
  return inodes;
}

}  // namespace stoker::os
