#include "stoker/engine/profile_argv.hpp"

#include <algorithm>

#include "stoker/base/text.hpp"
#include "stoker/engine/container.hpp"

namespace stoker::engine {
namespace {

using Words = std::vector<std::string>;

// How a wrapper's own arguments end and the wrapped command begins.
struct Wrapper {
  std::string_view name;
  std::string_view with_value;   // options whose value may be the next word, between blanks
  int positionals = 0;           // words of its own before the command
  std::string_view subcommand{}; // "run" of `uv run`
  bool assigns = false;          // VAR=x before the command sets a variable
};

constexpr Wrapper k_wrappers[] = {
    {"env", " -u --unset -C --chdir ", 0, {}, true},
    {"nice", " -n --adjustment "},
    {"ionice", " -c --class -n --classdata "},
    {"numactl", " -i --interleave -p --preferred -P --preferred-many -m --membind -N --cpunodebind -C --physcpubind -w "},
    {"taskset", " ", 1},
    {"chrt", " -T -P -D ", 1},
    {"stdbuf", " -i --input -o --output -e --error "},
    {"timeout", " -k --kill-after -s --signal ", 1},
    {"nohup", " "},
    {"setsid", " "},
    {"time", " -f --format -o --output "},
    {"sudo", " -u --user -g --group -h --host -p --prompt -C -r -t -T -D ", 0, {}, true},
    {"tini", " -p -e "},
    {"dumb-init", " -r --rewrite "},
    {"uv", " -p --python --with --with-editable --with-requirements --project --directory --extra --no-extra --group --no-group"
           " --only-group --env-file --index --default-index --index-url --extra-index-url -f --find-links --cache-dir"
           " --config-file --package --refresh-package --color -w ", 0, "run"},
    {"poetry", " -C --directory -P --project ", 0, "run"},
    {"conda", " -n --name -p --prefix --cwd ", 0, "run"},
};
constexpr int k_max_wrappers = 16;  // one inside another; more is no command a person wrote

const Wrapper* wrapper_named(std::string_view name) {
  const auto found = std::find_if(std::begin(k_wrappers), std::end(k_wrappers), [&](const Wrapper& w) { return w.name == name; });
  return found == std::end(k_wrappers) ? nullptr : found;
}

bool takes_next_word(const Wrapper& wrapper, std::string_view option) {
  return wrapper.with_value.find(" " + std::string(option) + " ") != std::string_view::npos;
}

bool is_assignment(std::string_view word) {
  const auto at = word.find('=');
  return at != std::string_view::npos && at > 0 && word.find('/') > at;
}

// Takes one wrapper off the front of `program`; false when what stands there is none, or its command is not to be seen.
class Peeler {
public:
  Peeler(const Wrapper& wrapper, Program& program)
      : m_wrapper(wrapper), m_program(program), m_positionals(wrapper.positionals) {}

  bool peel() {
    if (!m_wrapper.subcommand.empty() && !find_subcommand()) return false;
    while (m_at < words().size() && own_word(words()[m_at]))
      if (m_hides_command) return false;
    m_program.by_uv = m_program.by_uv || m_wrapper.name == "uv";
    words().erase(words().begin(), words().begin() + static_cast<std::ptrdiff_t>(std::min(m_at, words().size())));
    if (m_as_module) words().insert(words().begin(), {"python", "-m"});
    return true;
  }

private:
  Words& words() { return m_program.argv; }

  bool find_subcommand() {
    while (m_at < words().size() && words()[m_at].starts_with('-'))
      m_at += takes_next_word(m_wrapper, words()[m_at]) ? 2 : 1;
    if (m_at >= words().size() || words()[m_at] != m_wrapper.subcommand) return false;
    ++m_at;
    return true;
  }

  // Whether this word is the wrapper's own; passes over it when it is.
  bool own_word(const std::string& word) {
    if (m_as_module) return false;  // what follows `uv run -m` is the module
    if (word.starts_with('-')) {
      option(word);
    } else if (m_wrapper.assigns && is_assignment(word)) {
      m_program.environment[word.substr(0, word.find('='))] = word.substr(word.find('=') + 1);
      ++m_at;
    } else if (m_positionals > 0) {
      --m_positionals;
      ++m_at;
    } else {
      return false;
    }
    return true;
  }

  void option(const std::string& word) {
    const bool env = m_wrapper.name == "env";
    m_as_module = m_wrapper.name == "uv" && (word == "-m" || word == "--module");
    m_hides_command = env && (word.starts_with("-S") || word.starts_with("--split-string"));  // a command line in one word
    if (env) note_unset(word);
    m_at += takes_next_word(m_wrapper, word) ? 2 : 1;
  }

  void note_unset(const std::string& word) {
    if ((word == "-u" || word == "--unset") && m_at + 1 < words().size())
      m_program.environment[words()[m_at + 1]] = std::nullopt;
    else if (word.starts_with("--unset="))
      m_program.environment[word.substr(8)] = std::nullopt;
    else if (word.starts_with("-u"))
      m_program.environment[word.substr(2)] = std::nullopt;
  }

  const Wrapper& m_wrapper;
  Program& m_program;
  std::size_t m_at = 1;
  int m_positionals = 0;
  bool m_as_module = false;
  bool m_hides_command = false;
};

// `--entrypoint X` of a container run, which replaces the image's own.
std::optional<std::string> entry_point(const Words& argv, const std::string& image) {
  const auto end = std::find(argv.begin(), argv.end(), image);
  return flag_value(Words(argv.begin(), end), {"--entrypoint"});
}

}  // namespace

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

Program program_of(const Words& argv) {
  Program program{argv, {}, false};
  for (int i = 0; i < k_max_wrappers && !program.argv.empty(); ++i) {
    // `VAR=x cmd` is the shell's, not argv's: a first word with '=' is a program's name.
    const Wrapper* wrapper = wrapper_named(base_name(program.argv.front()));
    if (wrapper == nullptr || !Peeler(*wrapper, program).peel()) break;
  }
  return program;
}

Words engine_arguments(const Words& argv) {
  Words program = program_of(argv).argv;
  const auto container = parse_container(program);
  if (!container) return program;
  Words inside = container->command;
  if (const auto entry = entry_point(program, container->image)) inside.insert(inside.begin(), *entry);
  return program_of(inside).argv;
}

bool is_python(std::string_view program) {
  std::string_view name = base_name(program);
  if (!name.starts_with("python") && !name.starts_with("pypy")) return false;
  name.remove_prefix(name.starts_with("python") ? 6 : 4);
  return name.find_first_not_of("0123456789.t") == std::string_view::npos;
}

std::string python_module(const Words& argv) {
  if (argv.empty() || !is_python(argv.front())) return "";
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i];
    if (word == "-m") return i + 1 < argv.size() ? argv[i + 1] : "";
    if (word.starts_with("-m")) return word.substr(2);
    if (word == "-X" || word == "-W") ++i;
    if (!word.starts_with('-') || word == "-c" || word == "-") return "";
  }
  return "";
}

std::optional<std::string> flag_value(const Words& argv, const std::vector<std::string>& names) {
  std::optional<std::string> value;
  for (std::size_t i = 0; i < argv.size(); ++i) {
    std::string word = argv[i].substr(0, argv[i].find('='));
    if (word.starts_with("--")) std::replace(word.begin(), word.end(), '_', '-');
    for (const auto& name : names) {
      const bool letter = name.size() == 2;
      if (word == name && word.size() < argv[i].size())
        value = argv[i].substr(word.size() + 1);
      else if (word == name && i + 1 < argv.size())
        value = argv[i + 1];
      else if (letter && word.size() > 2 && word.starts_with(name))
        value = argv[i].substr(2);
    }
  }
  return value;
}

bool has_flag(const Words& argv, std::string_view name) {
  return std::any_of(argv.begin(), argv.end(), [&](std::string word) {
    if (word.starts_with("--")) std::replace(word.begin(), word.end(), '_', '-');
    return word == name || word == std::string(name) + "=true";
  });
}

}  // namespace stoker::engine
