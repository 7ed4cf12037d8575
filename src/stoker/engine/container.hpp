// `docker run …` and `podman run …` as an engine's command: who is inside, how to stop it.
// Free functions without shared state; any thread may call them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"
#include "stoker/os/spawn.hpp"

namespace stoker::engine {

struct ContainerCommand {
  std::string runtime;               // the program as written: "podman", "/usr/bin/docker"
  std::vector<std::string> client;   // argv before `run`: "sudo podman --runtime runc"; our own calls begin with it
  std::map<std::string, std::optional<std::string>> environment;  // over ours, for our own calls (DOCKER_HOST…)
  std::string image;
  std::vector<std::string> command;  // after the image
  std::optional<std::string> name;   // --name
  std::optional<std::string> cidfile;
  bool host_network = false;
  bool detached = false;             // -d: the client's end is not the container's
  bool removes = false;              // --rm
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ports;  // host → container, of -p/--publish
};

// Nothing when argv is no container run. Understands global options before `run`, `container run`, and
// sudo, env or nice in front.
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

struct EndedContainer {
  std::string id;
  os::Exit exit;
};
// Of a container as find_container looks for it, once it has ended. Nothing when --rm made the runtime forget it.
std::optional<EndedContainer> find_ended(const ContainerCommand& command, const std::vector<std::string>& before);

// Stopped by id with `grace` before the runtime kills, then removed when `run` had --rm (or is left as the user asked).
Status stop_container(const ContainerCommand& command, const Container& container, Seconds grace);
// A `run --rm` that was interrupted before its container started leaves one that would never go away by itself.
Status remove_unstarted(const ContainerCommand& command, const std::vector<std::string>& before);

}  // namespace stoker::engine
