// Where a start's seconds went, by stamps of our own: an engine's log has a resolution of one second, and no year.
// A phase ends where its marker was read. Some phases (weights, compile) end in a line that names their own length;
// they begin that long before it. What lies between markers that were not seen is nobody's: "unattributed".
#include <algorithm>
#include <cmath>
#include <utility>

#include "stoker/engine/markers.hpp"
#include "stoker/engine/phases_timeline.hpp"

namespace stoker::engine {
namespace {

struct Seen {
  Seconds at{};
  Marker marker;
};

// The markers of one start, up to ready, with stamps that never fall.
class Sightings {
public:
  Sightings(Kind kind, const std::vector<StampedLine>& lines, Seconds ready) {
    Seconds latest{0};
    for (const auto& line : lines) {
      if (std::isfinite(line.at.count())) latest = std::max(latest, line.at);
      if (latest > ready) break;
      if (auto marker = parse_marker(kind, line.text)) m_seen.push_back({latest, std::move(*marker)});
    }
  }

  [[nodiscard]] const std::vector<Seen>& all() const { return m_seen; }

  [[nodiscard]] std::optional<Seconds> first(Event event) const {
    for (const auto& seen : m_seen)
      if (seen.marker.event == event) return seen.at;
    return std::nullopt;
  }
  [[nodiscard]] std::optional<Seconds> last(Event event, std::optional<Seconds> until = {}) const {
    std::optional<Seconds> at;
    for (const auto& seen : m_seen)
      if (seen.marker.event == event && (!until || seen.at <= *until)) at = seen.at;
    return at;
  }

  // Lines that end what took "seconds": from that long before the line, though never before `floor`.
  void ending(Event event, const std::string& phase, std::optional<Seconds> floor, std::vector<Span>& spans) const {
    for (const auto& seen : m_seen) {
      const auto seconds = seen.marker.numbers.find("seconds");
      if (seen.marker.event != event || seconds == seen.marker.numbers.end()) continue;
      spans.push_back({phase, std::max(seen.at - Seconds(seconds->second), std::min(floor.value_or(Seconds{0}), seen.at)), seen.at});
    }
  }

private:
  std::vector<Seen> m_seen;
};

std::optional<Seconds> either(std::optional<Seconds> one, std::optional<Seconds> other) { return one ? one : other; }

// Where the last full bar was drawn.
std::optional<Seconds> bars_complete(const Sightings& seen) {
  std::optional<Seconds> at;
  for (const auto& [stamp, marker] : seen.all()) {
    const auto done = marker.numbers.find("done"), of = marker.numbers.find("of");
    if (marker.event == Event::shards && done != marker.numbers.end() && of != marker.numbers.end() && done->second >= of->second)
      at = stamp;
  }
  return at;
}

// Weights as the engine timed them; where it did not (Runai's streamer), from its first bar to the full one; and where
// there is no bar either, the whole time between the markers around them.
std::optional<Seconds> weigh(const Sightings& seen, std::optional<Seconds> begin, std::optional<Seconds> complete, Timeline& line) {
  const std::size_t before = line.spans.size();
  seen.ending(Event::weights, "weights", begin, line.spans);
  auto end = seen.last(Event::weights, complete);
  if (!end) end = seen.last(Event::weights);
  if (line.spans.size() > before) return end;
  if (!end) end = bars_complete(seen);
  if (!end) return end;
  const auto bar = seen.first(Event::shards);
  if (auto from = either(bar, begin)) line.spans.push_back({"weights", *from, *end});
  return end;
}

// When the engine's own initialisation began, which is where loading ended: a CPU engine prints no "Model loading took".
std::optional<Seconds> init_began(const Sightings& seen, std::optional<Seconds> weights_end) {
  std::vector<Span> spans;
  seen.ending(Event::engine_ready, "", weights_end, spans);
  return spans.empty() ? std::nullopt : std::optional(spans.back().begin);
}

// The total where it is printed; its parts where it is not.
void compile_spans(const Sightings& seen, std::optional<Seconds> floor, std::vector<Span>& spans) {
  const std::size_t before = spans.size();
  seen.ending(Event::compile_total, "compile", floor, spans);
  if (spans.size() > before) return;
  for (const Event event : {Event::dynamo, Event::compile_range, Event::cached_graph}) seen.ending(event, "compile", floor, spans);
  // CPU: no timings, but two lines around it.
  const auto begin = seen.first(Event::warmup), end = seen.last(Event::warmup_done);
  if (begin && end) spans.push_back({"compile", *begin, *end});
}

// From its first bar (stamped when it was drawn), else as long as the line at its end says.
void graph_spans(const Sightings& seen, std::optional<Seconds> floor, std::vector<Span>& spans) {
  const auto end = seen.last(Event::graphs);
  const auto bar = seen.first(Event::graph_bar);
  if (end && bar && (!floor || *bar >= *floor))
    spans.push_back({"graph-capture", *bar, *end});
  else
    seen.ending(Event::graphs, "graph-capture", floor, spans);
}

Timeline vllm_timeline(const Sightings& seen) {
  Timeline line;
  const auto load = seen.first(Event::load_start);
  const auto loaded = seen.last(Event::model_load);
  seen.ending(Event::download, "download", load, line.spans);
  const auto weights = weigh(seen, load, loaded, line);
  const auto init = either(loaded, init_began(seen, weights));
  const auto kv = seen.last(Event::kv_size);
  compile_spans(seen, either(init, weights), line.spans);
  graph_spans(seen, kv, line.spans);
  line.boundaries = {{"spawn", seen.first(Event::server_version)},
                     {"import+config", seen.first(Event::engine_start)},
                     {"engine-spawn+dist-init", load},
                     {"load-prepare", weights},
                     {"post-load", init},
                     {"profile+kv", kv},
                     {"engine-rest", seen.last(Event::engine_ready)},
                     {"http", seen.last(Event::listen), Absent::skip}};
  line.last = "http";
  return line;
}

Timeline sglang_timeline(const Sightings& seen) {
  Timeline line;
  const auto load = seen.first(Event::load_start);
  const auto kv = seen.last(Event::kv_size);
  const auto weights = weigh(seen, load, kv, line);
  graph_spans(seen, kv, line.spans);
  line.boundaries = {{"spawn", seen.first(Event::server_version)},
                     {"engine-spawn+dist-init", load},
                     {"load-prepare", weights},
                     {"profile+kv", kv},
                     {"engine-rest", seen.last(Event::engine_ready)},
                     {"http", seen.last(Event::listen)}};
  line.last = "warm-up";  // it listens, then asks itself for a token before /health says 200
  return line;
}

// Without -lv 4 nothing stands between "loading model" and the context's threads: fit, vocabulary, weights and KV cache
// are then one phase, named after all of them.
Timeline llama_timeline(const Sightings& seen) {
  Timeline line;
  line.boundaries = {{"spawn", seen.first(Event::prepare)},
                     {"load-prepare", seen.last(Event::load_start), Absent::join},
                     {"weights", seen.last(Event::context), Absent::join},
                     {"kv", seen.last(Event::warmup), Absent::join},
                     {"warm-up", seen.last(Event::warmup_done), Absent::join},
                     {"engine-rest", seen.last(Event::model_ready)}};
  line.last = "http";
  return line;
}

Timeline tgi_timeline(const Sightings& seen) {
  Timeline line;
  line.boundaries = {{"spawn", seen.first(Event::download_start)},
                     {"download", seen.first(Event::load_start)},
                     {"engine-spawn+weights", seen.last(Event::model_load)},
                     {"http", seen.last(Event::warmup)},
                     {"warm-up", seen.last(Event::ready)}};
  line.last = "http";
  return line;
}

Timeline lab_timeline(const Sightings& seen) {
  Timeline line;
  line.boundaries = {{"spawn", seen.first(Event::server_version)},
                     {"init", seen.first(Event::load_start)},
                     {"weights", seen.last(Event::weights)}};
  line.last = "http";
  return line;
}

Timeline timeline_of(Kind kind, const Sightings& seen) {
  switch (kind) {
    case Kind::vllm: return vllm_timeline(seen);
    case Kind::sglang: return sglang_timeline(seen);
    case Kind::llama_server: return llama_timeline(seen);
    case Kind::tgi: return tgi_timeline(seen);
    case Kind::lab: return lab_timeline(seen);
    case Kind::command: break;
  }
  return {{}, "unattributed", {}, {}};
}

struct Said {
  Event event;
  const char* number;
  const char* key;
  bool sums;  // lines that stand for different parts add up; of ranks and repetitions the largest counts
};

constexpr Said k_said[] = {
    {Event::download, "seconds", "download_s", true},
    {Event::prefetch_done, "seconds", "prefetch_s", false},
    {Event::model_init, "seconds", "model_init_s", false},
    {Event::filesystem, "checkpoint_gib", "checkpoint_gib", false},
    {Event::weights, "seconds", "weights_s", true},
    {Event::model_load, "seconds", "model_load_s", false},
    {Event::model_load, "gib", "model_gib", false},
    {Event::dynamo, "seconds", "dynamo_s", true},
    {Event::compile_range, "seconds", "compile_range_s", true},
    {Event::cached_graph, "seconds", "cached_graph_s", true},
    {Event::compile_total, "seconds", "compile_s", false},
    {Event::engine_ready, "compile_seconds", "compile_s", false},
    {Event::profile_run, "seconds", "profile_run_s", false},
    {Event::kv_memory, "gib", "kv_gib", false},
    {Event::kv_size, "tokens", "kv_tokens", false},
    {Event::graphs, "seconds", "graphs_s", true},
    {Event::graphs, "gib", "graphs_gib", true},
    {Event::engine_ready, "seconds", "engine_init_s", false},
    {Event::dist_init, "seconds", "dist_init_s", false},
    {Event::fit, "seconds", "fit_s", false},
};

void hear(const Marker& marker, std::map<std::string, double>& said) {
  for (const auto& [event, number, key, sums] : k_said) {
    const auto found = marker.numbers.find(number);
    if (marker.event != event || found == marker.numbers.end()) continue;
    const auto [kept, fresh] = said.try_emplace(key, found->second);
    if (!fresh) kept->second = sums ? kept->second + found->second : std::max(kept->second, found->second);
  }
  if (marker.event == Event::summary)
    for (const auto& [name, seconds] : marker.numbers)
      if (name != "pid") said["summary_" + name + "_s"] = seconds;
}

std::string version_in(const std::vector<Seen>& all) {
  for (const auto& seen : all) {
    const auto version = seen.marker.texts.find("version");
    if (version != seen.marker.texts.end()) return version->second;
  }
  return "";
}

}  // namespace

Phases phases_of(Kind kind, const std::vector<StampedLine>& lines, Seconds ready) {
  const Sightings seen(kind, lines, ready);
  Timeline timeline = timeline_of(kind, seen);
  timeline.ready = ready;
  Phases phases;
  phases.phases = lay_out(timeline);
  for (const auto& sighting : seen.all()) hear(sighting.marker, phases.engine_said);
  phases.version = version_in(seen.all());
  return phases;
}

}  // namespace stoker::engine
