#include "stoker/engine/container.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string_view>

#include "stoker/base/json.hpp"
#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/clock.hpp"

namespace stoker::engine {
namespace {

constexpr Seconds k_look_patience{10};     // a client answers in 30-60 ms; a daemon that is woken by its socket, in seconds
constexpr Seconds k_change_patience{20};   // over the grace: layers are unmounted and removed
constexpr Seconds k_removal_patience{5};   // --rm is done in 50 ms after the stop
constexpr std::chrono::milliseconds k_poll{50};
constexpr std::size_t k_id_digits = 64;
constexpr Bytes k_most_answer = 16 * k_mib;  // an inspected container is some 10 KiB

bool is_id(std::string_view text) {
  return text.size() == k_id_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<os::Finished> call(const ContainerCommand& command, const std::vector<std::string>& words, Seconds patience = k_look_patience) {
  os::SpawnPlan plan;
  plan.argv = command.client;
  plan.argv.insert(plan.argv.end(), words.begin(), words.end());
  plan.environment = command.environment;
  return os::run_to_end(plan, patience, k_most_answer);
}

bool went_well(const os::Finished& finished) { return finished.exit.signal == 0 && finished.exit.code == 0; }

Error refusal(const ContainerCommand& command, std::string_view verb, const os::Finished& finished) {
  return {ErrorKind::unavailable, fmt::format("{} {} ended with {}: {}", command.runtime, verb, os::to_string(finished.exit),
                                              printable(trim(finished.output)))};
}

// What `inspect` says, as far as we need it. The two programs agree on these names.
struct Inspected {
  std::string id, name, image, image_id, status;
  std::vector<std::string> argv;  // entry point and command together
  pid_t pid = 0;
  int exit_code = 0;
};

std::string text_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& object_at(const Json& object, const char* key) {
  static const Json empty = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : empty;
}

int number_at(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : 0;
}

Inspected inspected_of(const Json& json) {
  const Json& state = object_at(json, "State");
  Inspected container{text_at(json, "Id"), text_at(json, "Name"), text_at(json, "ImageName"), text_at(json, "Image"), text_at(state, "Status"),
                      {text_at(json, "Path")}, number_at(state, "Pid"), number_at(state, "ExitCode")};
  if (container.name.starts_with("/")) container.name.erase(0, 1);                          // docker's
  if (container.image.empty()) container.image = text_at(object_at(json, "Config"), "Image");  // docker's
  if (container.image_id.starts_with("sha256:")) container.image_id.erase(0, 7);
  if (const auto args = json.find("Args"); args != json.end() && args->is_array())
    for (const auto& argument : *args)
      if (argument.is_string()) container.argv.push_back(argument.get<std::string>());
  return container;
}

// The JSON array in what a client printed: its warnings stand in lines of their own before and after it.
std::string_view array_in(std::string_view output) {
  const auto first = output.starts_with("[") ? 0 : output.find("\n[");
  if (first == std::string_view::npos) return "[]";
  const auto last = output.rfind("\n]");
  return last == std::string_view::npos || last < first ? "[]" : output.substr(first, last + 2 - first);
}

// Those of `names` that exist.
Result<std::vector<Inspected>> inspect(const ContainerCommand& command, const std::vector<std::string>& names) {
  std::vector<Inspected> found;
  if (names.empty()) return found;
  std::vector<std::string> words{"inspect", "--type", "container"};
  words.insert(words.end(), names.begin(), names.end());
  TRY_ASSIGN(const os::Finished finished, call(command, words));
  TRY_ASSIGN(const Json array, parse_json(array_in(finished.output), {.refuse_duplicate_keys = false}));
  for (const auto& json : array)
    if (json.is_object()) found.push_back(inspected_of(json));
  return found;
}

// "stoker:1" is "localhost/stoker:1" to podman, "ubuntu" is "docker.io/library/ubuntu:latest".
bool same_image(std::string typed, const Inspected& container) {
  if (const auto scheme = typed.find("://"); scheme != std::string::npos) typed.erase(0, scheme + 3);
  if (container.image.empty() || container.image == typed) return true;  // none: podman run --rootfs
  if (typed.size() >= 4 && container.image_id.starts_with(typed)) return true;
  std::string full = container.image;
  if (const auto library = full.find("/library/"); library != std::string::npos) full.erase(library, 8);
  const auto ends_so = [&](const std::string& tail) { return full == tail || full.ends_with("/" + tail); };
  return ends_so(typed) || ends_so(typed + ":latest");
}

bool same_command(const std::vector<std::string>& typed, const Inspected& container) {
  if (typed.size() > container.argv.size()) return false;
  return std::equal(typed.rbegin(), typed.rend(), container.argv.rbegin());
}

std::vector<std::string> names_to_ask(const ContainerCommand& command, const std::vector<std::string>& fresh) {
  if (command.cidfile) {
    const auto id = os::read_fact(*command.cidfile);
    return id && is_id(*id) ? std::vector<std::string>{*id} : std::vector<std::string>{};
  }
  return command.name ? std::vector<std::string>{*command.name} : fresh;
}

// Containers that our `run` may have made. Those of other users are never among them: what is found here gets stopped.
Result<std::vector<Inspected>> candidates(const ContainerCommand& command, const std::vector<std::string>& before) {
  std::vector<std::string> fresh;
  if (!command.cidfile && !command.name) {
    TRY_ASSIGN(fresh, container_ids(command));
    std::erase_if(fresh, [&](const std::string& id) { return std::ranges::find(before, id) != before.end(); });
  }
  TRY_ASSIGN(auto found, inspect(command, names_to_ask(command, fresh)));
  std::erase_if(found, [&](const Inspected& container) {
    return !is_id(container.id) || std::ranges::find(before, container.id) != before.end() || !same_image(command.image, container) ||
           !same_command(command.command, container);
  });
  return found;
}

Status await_removal(const ContainerCommand& command, const std::string& id) {
  const auto begun = os::now();
  while (os::since(begun) < k_removal_patience) {
    TRY_ASSIGN(const auto ids, container_ids(command));
    if (std::ranges::find(ids, id) == ids.end()) return {};
    os::pause(k_poll);
  }
  TRY_ASSIGN(const os::Finished finished, call(command, {"rm", "-f", id}, k_change_patience));
  return went_well(finished) ? Status{} : fail(refusal(command, "rm", finished));
}

}  // namespace

Result<std::vector<std::string>> container_ids(const ContainerCommand& command) {
  TRY_ASSIGN(const os::Finished finished, call(command, {"ps", "--all", "--quiet", "--no-trunc"}));
  if (!went_well(finished)) return fail(refusal(command, "ps", finished));
  std::vector<std::string> ids;
  for (std::string_view line : split(finished.output, '\n'))
    if (is_id(trim(line))) ids.emplace_back(trim(line));
  return ids;
}

Result<std::optional<Container>> find_container(const ContainerCommand& command, const std::vector<std::string>& before) {
  TRY_ASSIGN(auto found, candidates(command, before));
  std::erase_if(found, [](const Inspected& container) { return container.pid <= 0; });
  if (found.empty()) return std::optional<Container>{};
  if (found.size() > 1)
    return fail(ErrorKind::busy, fmt::format("{} containers of image {} started at the same time: give --name to know ours", found.size(),
                                             printable(command.image)));
  return std::optional<Container>{Container{found.front().id, found.front().pid}};
}

std::optional<EndedContainer> find_ended(const ContainerCommand& command, const std::vector<std::string>& before) {
  const auto found = candidates(command, before);
  if (!found || found->size() != 1) return std::nullopt;
  const Inspected& container = found->front();
  if (container.pid > 0 || container.status == "created") return std::nullopt;
  return EndedContainer{container.id, {container.exit_code, 0}};
}

Status stop_container(const ContainerCommand& command, const Container& container, Seconds grace) {
  const auto seconds = static_cast<long long>(std::ceil(std::max(grace.count(), 0.0)));
  TRY_ASSIGN(const os::Finished finished,
             call(command, {"stop", "-t", std::to_string(seconds), container.id}, k_change_patience + Seconds(static_cast<double>(seconds))));
  if (!went_well(finished)) {
    TRY_ASSIGN(const auto ids, container_ids(command));
    if (std::ranges::find(ids, container.id) != ids.end()) return fail(refusal(command, "stop", finished));
  }
  return command.removes ? await_removal(command, container.id) : Status{};
}

Status remove_unstarted(const ContainerCommand& command, const std::vector<std::string>& before) {
  if (!command.removes) return {};
  TRY_ASSIGN(const auto found, candidates(command, before));
  for (const auto& container : found) {
    if (container.pid > 0) continue;
    TRY_ASSIGN(const os::Finished finished, call(command, {"rm", "-f", container.id}, k_change_patience));
    if (!went_well(finished)) return fail(refusal(command, "rm", finished));
  }
  return {};
}

}  // namespace stoker::engine
