// SGLang: "[2026-02-26 05:24:09 TP4] Load weight end. elapsed=228.09 s, …".
#include "stoker/engine/markers_scan.hpp"

namespace stoker::engine {
namespace {

void read_elapsed(Scan& scan, Marker& marker) {
  if (scan.past("elapsed=") || scan.past("elapsed: ")) read_seconds(scan, marker);
}

void read_server_args(Scan& scan, Marker& marker) {
  if (scan.past("model_path=")) read_quoted(scan, marker);
}

void read_available(Scan& scan, Marker& marker) {
  if (scan.past("avail mem=")) put(marker, "available_gib", scan.number());
}

void read_weights(Scan& scan, Marker& marker) {
  Scan type = scan;
  read_elapsed(scan, marker);
  if (type.past("type=")) put(marker, "type", type.until(","));
}

void read_kv(Scan& scan, Marker& marker) {
  if (scan.past("#tokens: ")) put(marker, "tokens", scan.number());
}

// "load_weight=12.02, …, cuda_graph={prefill=22.96, decode=12.26}, tokenizer_e2e=65.82": names inside braces get
// the outer name in front.
void read_summary(Scan& scan, Marker& marker) {
  constexpr int most = 64;
  std::string outer;
  for (int i = 0; i < most && !scan.rest().empty(); ++i) {
    std::string name = scan.until("=");
    if (!scan.past("=")) return;
    if (scan.rest().starts_with("{")) {
      outer = name + "_";
      scan.past("{");
      continue;
    }
    put(marker, (outer + name).c_str(), scan.number());
    if (scan.until(",}").empty() && scan.rest().empty()) return;
    while (scan.rest().starts_with("}") && scan.past("}")) outer.clear();
    if (scan.rest().starts_with(",")) scan.past(",");
  }
}

void read_url(Scan& scan, Marker& marker) {
  if (scan.past(" on ")) put(marker, "url", scan.word());
}

void read_shards(Scan& scan, Marker& marker) {
  scan.past(":");
  read_bar(scan, marker);
}

constexpr Rule k_rules[] = {
    {Event::summary, "Engine startup timings (s): ", read_summary},
    {Event::server_version, "server_args=ServerArgs(", read_server_args},
    {Event::dist_init, "Init torch distributed ends.", read_elapsed},
    {Event::load_start, "Load weight begin.", read_available},
    {Event::weights, "Load weight end.", read_weights},
    {Event::shards, "Loading safetensors checkpoint shards", read_shards},
    {Event::shards, "Multi-thread loading shards", read_shards},
    {Event::kv_size, "KV Cache is allocated.", read_kv},
    {Event::graph_bar, "CUDA graph begin.", nullptr},   // "Capture target decode CUDA graph begin."
    {Event::graphs, "CUDA graph end.", read_elapsed},
    {Event::graph_bar, "cuda graph begin.", nullptr},   // 2025
    {Event::graphs, "cuda graph end.", read_elapsed},
    {Event::engine_ready, "max_total_num_tokens=", [](Scan& scan, Marker& marker) { put(marker, "tokens", scan.number()); }},
    {Event::ready, "The server is fired up and ready to roll!", nullptr},
    {Event::http_start, "Started server process", nullptr},
    {Event::http_start, "Waiting for application startup.", nullptr},
    {Event::http_up, "Application startup complete.", nullptr},
    {Event::listen, "Uvicorn running", read_url},
    {Event::failed, "Received sigquit from a child process", nullptr},
    {Event::failed, "Scheduler hit an exception", nullptr},
};

// "TP4" of "[2026-02-26 05:24:09 DP0 TP4] "
std::string process_of(std::string_view line) {
  constexpr std::size_t stamp = 20;  // "[YYYY-MM-DD HH:MM:SS"
  if (!line.starts_with('[') || line.size() <= stamp || line[stamp] != ' ') return "";
  return Scan(line.substr(stamp, 64)).until("]");
}

}  // namespace

std::optional<Marker> parse_sglang(std::string_view line) {
  auto marker = match(k_rules, line);
  if (marker) put(*marker, "process", process_of(line));
  return marker;
}

}  // namespace stoker::engine
