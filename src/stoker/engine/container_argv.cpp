// Where the image stands in `docker run [OPTIONS] IMAGE [COMMAND]`.
//
// The two programs know some 130 options, most of which take a value, and new versions add more. The options
// without a value are few and hardly change, so those are the table; any other option is taken to have one.
// Both tables are those of docker 28 and podman 4.3 to 5.

#include <algorithm>
#include <array>
#include <string_view>

#include "stoker/base/text.hpp"
#include "stoker/engine/container.hpp"

namespace stoker::engine {
namespace {

constexpr std::size_t k_most_ports = 4096;  // `-p 1-65535:1-65535` needs no list of its own

constexpr std::array k_run_switches{
    "--detach", "--disable-content-trust", "--env-host", "--help", "--http-proxy", "--init", "--interactive",
    "--no-healthcheck", "--no-hostname", "--no-hosts", "--noout", "--oom-kill-disable", "--passwd", "--privileged",
    "--publish-all", "--quiet", "--read-only", "--read-only-tmpfs", "--remote", "--replace", "--rm", "--rmi",
    "--rootfs", "--sig-proxy", "--syslog", "--tls-verify", "--tty", "--unsetenv-all", "--use-api-socket"};
constexpr std::string_view k_run_short_switches = "ditPq";

constexpr std::array k_global_switches{"--debug", "--help", "--noout", "--remote", "--syslog",
                                       "--tls", "--tlsverify", "--trace", "--version"};
constexpr std::string_view k_global_short_switches = "Drv";

constexpr std::array k_sudo_switches{"--askpass", "--background", "--bell", "--login", "--no-update",
                                     "--non-interactive", "--preserve-env", "--reset-timestamp", "--set-home",
                                     "--shell", "--stdin", "--preserve-groups"};
constexpr std::string_view k_sudo_short_switches = "AbBEHiknNPsS";
constexpr std::array k_env_switches{"--ignore-environment", "--null", "--debug"};
constexpr std::string_view k_env_short_switches = "i0v";

struct OptionTable {
  std::vector<std::string_view> switches;
  std::string_view short_switches;
};

struct Option {
  std::string name;   // "--publish" or "-p"
  std::string value;  // "" for a switch
  bool on = true;     // of a switch: not "=false"
};

// Reads options one by one and leaves the first word that is none.
class Words {
public:
  explicit Words(const std::vector<std::string>& argv) : m_argv(argv) {}

  [[nodiscard]] bool done() const { return m_next >= m_argv.size(); }
  [[nodiscard]] const std::string& peek() const { return m_argv[m_next]; }
  [[nodiscard]] std::size_t position() const { return m_next; }
  const std::string& take() { return m_argv[m_next++]; }

  // The options before the next plain word; `--` ends them.
  std::vector<Option> take_options(const OptionTable& table) {
    std::vector<Option> options;
    while (!done() && peek().size() > 1 && peek().front() == '-') {
      const std::string& word = take();
      if (word == "--") break;
      if (word.starts_with("--")) {
        options.push_back(long_option(word, table));
      } else {
        short_options(word, table, options);
      }
    }
    return options;
  }

private:
  std::string next_value() { return done() ? "" : take(); }

  Option long_option(const std::string& word, const OptionTable& table) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const bool is_switch = std::ranges::find(table.switches, name) != table.switches.end();
    if (equals != std::string::npos) {
      const std::string value = word.substr(equals + 1);
      return {name, value, !is_switch || (value != "false" && value != "0")};
    }
    return {name, is_switch ? "" : next_value()};
  }

  // "-itd", "-p80:80", "-p=80:80", "-dp 80:80": switches, then at most one option that takes the rest or the next word.
  void short_options(const std::string& word, const OptionTable& table, std::vector<Option>& options) {
    for (std::size_t at = 1; at < word.size(); ++at) {
      const std::string name{'-', word[at]};
      if (table.short_switches.find(word[at]) != std::string_view::npos) {
        options.push_back({name, ""});
        if (word.substr(at + 1, 1) == "=") return;
        continue;
      }
      std::string rest = word.substr(at + 1);
      if (rest.starts_with("=")) rest.erase(0, 1);
      options.push_back({name, rest.empty() ? next_value() : rest});
      return;
    }
  }

  const std::vector<std::string>& m_argv;
  std::size_t m_next = 0;
};

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

template <std::size_t N>
OptionTable table_of(const std::array<const char*, N>& switches, std::string_view short_switches) {
  return {{switches.begin(), switches.end()}, short_switches};
}

// sudo, env and nice run what follows them; their own options and VAR=VALUE words are stepped over.
void skip_wrappers(Words& words) {
  while (!words.done()) {
    const std::string_view program = base_name(words.peek());
    if (program != "sudo" && program != "env" && program != "nice") return;
    words.take();
    words.take_options(program == "sudo"  ? table_of(k_sudo_switches, k_sudo_short_switches)
                       : program == "env" ? table_of(k_env_switches, k_env_short_switches)
                                          : OptionTable{});
    while (!words.done() && words.peek().find('=') != std::string::npos && words.peek().find('/') > words.peek().find('='))
      words.take();
  }
}

struct PortRange {
  std::uint64_t first = 0, last = 0;
};

std::optional<PortRange> port_range(std::string_view text) {
  PortRange range;
  const auto dash = text.find('-');
  if (!parse_number(text.substr(0, dash), range.first)) return std::nullopt;
  range.last = range.first;
  if (dash != std::string_view::npos && !parse_number(text.substr(dash + 1), range.last)) return std::nullopt;
  if (range.first == 0 || range.last > 65535 || range.last < range.first) return std::nullopt;
  return range;
}

// [ADDRESS:]HOST:CONTAINER[/tcp]; ranges of equal length. A lone container port gets a host port that nobody knows yet.
void add_ports(std::string_view text, ContainerCommand& command) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    if (text.substr(slash) != "/tcp") return;
    text = text.substr(0, slash);
  }
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return;
  const std::string_view left = text.substr(0, colon);
  const auto inside = port_range(text.substr(colon + 1));
  const auto outside = port_range(left.substr(left.rfind(':') + 1));  // npos + 1 is 0: no address in front
  if (!inside || !outside || inside->last - inside->first != outside->last - outside->first) return;
  for (std::uint64_t step = 0; step <= inside->last - inside->first && command.ports.size() < k_most_ports; ++step)
    command.ports.emplace_back(static_cast<std::uint16_t>(outside->first + step), static_cast<std::uint16_t>(inside->first + step));
}

void apply(const Option& option, ContainerCommand& command) {
  if (option.name == "--name") command.name = option.value;
  if (option.name == "--cidfile") command.cidfile = option.value;
  if (option.name == "--network" || option.name == "--net") command.host_network = option.value == "host";
  if (option.name == "-d" || option.name == "--detach") command.detached = option.on;
  if (option.name == "--rm") command.removes = option.on;
  if (option.name != "-p" && option.name != "--publish") return;
  for (std::string_view published : split(option.value, ',')) add_ports(published, command);
}

}  // namespace

std::optional<ContainerCommand> parse_container(const std::vector<std::string>& argv) {
  Words words(argv);
  skip_wrappers(words);
  if (words.done()) return std::nullopt;
  ContainerCommand command;
  command.runtime = words.take();
  if (const auto program = base_name(command.runtime); program != "docker" && program != "podman") return std::nullopt;
  words.take_options(table_of(k_global_switches, k_global_short_switches));
  command.client.assign(argv.begin(), argv.begin() + static_cast<std::ptrdiff_t>(words.position()));
  if (!words.done() && words.peek() == "container") words.take();
  if (words.done() || words.take() != "run") return std::nullopt;
  for (const auto& option : words.take_options(table_of(k_run_switches, k_run_short_switches))) apply(option, command);
  if (words.done()) return std::nullopt;
  command.image = words.take();
  command.command.assign(argv.begin() + static_cast<std::ptrdiff_t>(words.position()), argv.end());
  return command;
}

}  // namespace stoker::engine
