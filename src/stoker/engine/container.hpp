// `docker run …` and `podman run …` as an engine's command: who is inside, how to stop it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"

namespace stoker::engine {

struct ContainerCommand {
  std::string runtime;               // argv[0] as written: "podman", "/usr/bin/docker"
  std::string image;
  std::vector<std::string> command;  // after the image
  std::optional<std::string> name;   // --name
  std::optional<std::string> cidfile;
  bool host_network = false;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ports;  // host → container, of -p/--publish
};

// Nothing when argv is no container run (with global options before `run`, and behind sudo).
std::optional<ContainerCommand> parse_container(const std::vector<std::string>& argv);

// A container of ours: the one that `run` made.
struct Container {
  std::string id;   // full
  pid_t pid = 0;    // its first process, in our pid namespace
};

// Ids that exist now, to tell a new one from them. Errors: not_found, unavailable when the runtime does not answer.
Result<std::vector<std::string>> container_ids(const ContainerCommand& command);
// The container that appeared since `before`, once it runs; by name or cidfile where given, else by image and
// command among the new ones. Nothing while it is not there yet.
Result<std::optional<Container>> find_container(const ContainerCommand& command, const std::vector<std::string>& before);
// Stopped by id with `grace` before the runtime kills, then removed when `run` had --rm (or is left as the user asked).
Status stop_container(const ContainerCommand& command, const Container& container, Seconds grace);

}  // namespace stoker::engine
