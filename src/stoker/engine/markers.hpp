// Lines of an engine's log that mark where one phase of its start ends and the next begins.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoker/base/units.hpp"
#include "stoker/engine/profile.hpp"
#include "stoker/record/start.hpp"

namespace stoker::engine {

enum class Event {
  server_version, engine_start, load_start, download, filesystem, prefetch_done, shards, weights, model_load,
  compile_cache, dynamo, compile_range, cached_graph, compile_total, profile_run, kv_memory, kv_size, graphs, engine_ready,
  listen, http_up, failed,
};
std::string_view to_string(Event event);

struct Marker {
  Event event = Event::server_version;
  std::map<std::string, double> numbers;    // "seconds", "gib", "tokens", "done", "of"
  std::map<std::string, std::string> texts; // "version", "model", "process", "filesystem"
};

// One line without its end. Nothing when it marks nothing.
std::optional<Marker> parse_marker(Kind kind, std::string_view line);

struct StampedLine {
  Seconds at{};  // since exec, by our own clock, when it was read
  std::string text;
};

// Phases between exec and ready, bounded by our own stamps; they sum to `ready`, the unexplained rest is
// "unattributed". Numbers that the engine printed come along as a cross-check, keyed "weights_s", "compile_s", …
struct Phases {
  std::vector<record::Phase> phases;
  std::map<std::string, double> engine_said;
  std::string version;  // of the engine, when it printed one
};
Phases phases_of(Kind kind, const std::vector<StampedLine>& lines, Seconds ready);

}  // namespace stoker::engine
