// Lines of an engine's log that mark where one phase of its start ends and the next begins.
// Pure functions; thread-safe.
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
  server_version,    // the server's program is there and says what it is
  engine_start,      // vLLM: the engine's configuration stands
  dist_init,         // process groups are up
  prepare,           // llama-server: begins with the model (fit, vocabulary)
  fit,               // llama-server: parameters fitted to memory
  load_start,        // begins to load the model
  model_init,        // the empty model stands
  download_start, download, index_missing,
  filesystem, prefetch_off, prefetch_start, prefetch, prefetch_done,
  shards,            // a bar, or a line a shard
  buffer,            // llama-server: where tensors lie
  weights,           // the last weight byte is in
  context,           // llama-server: weights done, context begins
  model_load,        // the model is complete
  compile_cache, dynamo, graph_stored, compile_range, cached_graph, compile_saved, compile_loaded, compile_total,
  profile_run, graph_memory, kv_memory, kv_size, concurrency,
  warmup, warmup_done,
  graph_bar, graphs,
  engine_ready,      // the engine is initialised
  model_ready,       // llama-server: model loaded
  summary,           // SGLang: all its timings in one line
  http_start, listen, routes, http_up,
  ready,             // says that it serves
  waiting,           // for somebody; no error
  failed,
};
std::string_view to_string(Event event);

struct Marker {
  Event event = Event::server_version;
  std::map<std::string, double> numbers;    // "seconds", "gib", "tokens", "done", "of", "pid"
  std::map<std::string, std::string> texts; // "version", "model", "process", "filesystem"; printable, at most 400 bytes
};

// One line without its end. Nothing when it marks nothing, and never for Kind::command, whose words nobody knows.
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
