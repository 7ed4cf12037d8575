#include "stoker/lab/engine.hpp"

#include <fmt/core.h>

#include <iterator>
#include <utility>
#include <vector>

#include "stoker/base/json.hpp"
#include "stoker/lab/loader.hpp"
#include "stoker/model/weights.hpp"
#include "stoker/net/http_server.hpp"
#include "stoker/os/clock.hpp"
#include "stoker/os/file.hpp"
#include "stoker/os/memory.hpp"
#include "stoker/os/sockets.hpp"

namespace stoker::lab {
namespace {

using Say = std::function<void(const std::string&)>;

std::string_view to_string(Load load) {
  switch (load) {
    case Load::mmap: return "mmap";
    case Load::read: return "read";
    case Load::direct: return "direct";
  }
  return "unknown";
}

Bytes bytes_to_load(const model::Inspection& inspection) {
  Bytes sum = 0;
  for (const model::Shard& shard : inspection.shards)
    for (const Range& range : ranges_of(inspection, shard)) sum += range.bytes;
  return sum;
}

// Before the first byte is read: being killed for memory half way through would look like a slow disk.
Status check_memory(Bytes wanted) {
  const os::Memory memory = os::memory();
  if (memory.cgroup_limit && wanted > *memory.cgroup_limit)
    return fail(ErrorKind::no_space, fmt::format("the tensors take {}, the control group allows {} of memory", format_bytes(wanted), format_bytes(*memory.cgroup_limit)));
  if (memory.available != 0 && wanted > memory.available)
    return fail(ErrorKind::no_space, fmt::format("the tensors take {}, {} of memory is available", format_bytes(wanted), format_bytes(memory.available)));
  return {};
}

// A pause as real engines have: imports, devices, before they touch the first weight.
Status initialise(const EnginePlan& plan, const Say& say, const std::stop_token& stop) {
  if (plan.init <= Seconds(0)) return {};
  const os::Stamp start = os::now();
  if (!os::wait_for(plan.init, stop)) return fail(ErrorKind::cancelled, "the lab engine was stopped while it initialised");
  say(fmt::format("lab engine: init done in {:.3f} s", os::since(start).count()));
  return {};
}

Result<std::vector<Loaded>> load(const EnginePlan& plan, const Say& say, const std::stop_token& stop) {
  TRY_ASSIGN(const model::Inspection inspection, model::inspect(plan.model));
  const Bytes bytes = bytes_to_load(inspection);
  TRY(check_memory(bytes));
  say(fmt::format("lab engine: loading {} shards, {} bytes", inspection.shards.size(), bytes));
  const os::Stamp start = os::now();
  std::vector<Loaded> tensors;
  for (std::size_t i = 0; i < inspection.shards.size(); ++i) {
    const model::Shard& shard = inspection.shards[i];
    TRY_ASSIGN(std::vector<Loaded> loaded, load_file({shard.path, ranges_of(inspection, shard), plan.load}, stop));
    std::move(loaded.begin(), loaded.end(), std::back_inserter(tensors));
    say(fmt::format("lab engine: shard {}/{}", i + 1, inspection.shards.size()));
  }
  say(fmt::format("lab engine: loaded {} bytes in {:.3f} s", bytes, os::since(start).count()));
  return tensors;
}

// "/models/qwen/" → "qwen".
std::string model_id(const std::string& path) {
  std::string full = os::real_path(path).value_or(path);
  while (full.size() > 1 && full.ends_with('/')) full.pop_back();
  return full.substr(full.rfind('/') + 1);
}

net::Routes routes_of(const std::string& id) {
  const Json health = {{"status", "ok"}, {"note", "the lab engine holds the weights in memory and does not infer"}};
  const Json entry = {{"id", id}, {"object", "model"}, {"created", 0}, {"owned_by", "stoker lab engine"}};
  const Json models = {{"object", "list"}, {"data", Json::array({entry})}};
  return {{"/health", [text = dump_json(health, -1)] { return net::Answer{200, text}; }},
          {"/v1/models", [text = dump_json(models, -1)] { return net::Answer{200, text}; }}};
}

}  // namespace

std::optional<Load> load_named(std::string_view name) {
  for (const Load load : {Load::mmap, Load::read, Load::direct})
    if (name == to_string(load)) return load;
  return std::nullopt;
}

Status run_engine(const EnginePlan& plan, const Say& say, const std::stop_token& stop) {
  say(fmt::format("lab engine {}: model {}, load {}", STOKER_VERSION, plan.model, to_string(plan.load)));
  std::uint16_t port = plan.port;
  if (port == 0) {
    TRY_ASSIGN(port, os::pick_free_port());
  }
  TRY(os::port_is_free(port));  // told now, not after minutes of loading
  TRY(initialise(plan, say, stop));
  TRY_ASSIGN(const std::vector<Loaded> tensors, load(plan, say, stop));
  TRY_ASSIGN(const net::Server server, net::Server::listen(plan.host, port, routes_of(model_id(plan.model))));
  say(fmt::format("lab engine: listening on http://{}:{}", plan.host, port));
  constexpr Seconds k_long{3600};
  while (os::wait_for(k_long, stop)) {
  }
  return {};
}

}  // namespace stoker::lab
