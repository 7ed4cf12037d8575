// vLLM 0.6.6 … 0.32: "(EngineCore_DP0 pid=79) INFO 12-25 04:52:15 [default_loader.py:308] Loading weights took 182.98 seconds".
// The process prefix came between 0.9 and 0.13; uvicorn's lines have it in 0.25 and not in 0.32; line numbers change each
// release. So the prefix is taken off where it is, and the literal decides.
#include "stoker/engine/markers_scan.hpp"

namespace stoker::engine {
namespace {

void read_version(Scan& scan, Marker& marker) { put(marker, "version", scan.word()); }

// "Initializing a V1 LLM engine (v0.13.0) with config: model='…'"; older ones without "V1".
void read_engine_start(Scan& scan, Marker& marker) {
  Scan all = scan;
  if (!scan.past("LLM engine")) return;
  if (scan.rest().starts_with(" (v") && scan.past(" (v")) put(marker, "version", scan.until(")"));
  if (all.past("model=")) read_quoted(all, marker);
}

void read_dist_init(Scan& scan, Marker& marker) {
  put(marker, "world_size", scan.number());
  if (scan.past("rank=")) put(marker, "rank", scan.number());
  if (scan.past("backend=")) put(marker, "backend", scan.word());
}

void read_load_start(Scan& scan, Marker& marker) {
  const auto end = scan.rest().rfind("...");
  put(marker, "model", Scan(scan.rest().substr(0, end)).until(""));
}

void read_download(Scan& scan, Marker& marker) {
  put(marker, "model", scan.until(":"));
  if (scan.past(": ")) read_seconds(scan, marker);
}

void read_filesystem(Scan& scan, Marker& marker) {
  put(marker, "filesystem", scan.until("."));
  if (scan.past("Checkpoint size: ")) put(marker, "checkpoint_gib", scan.number());
  if (scan.past("Available RAM: ")) put(marker, "ram_gib", scan.number());
}

void read_prefetch_off(Scan& scan, Marker& marker) {
  if (scan.past("filesystem (")) put(marker, "filesystem", scan.until(")"));
}

// "10% (1/3)"
void read_prefetch(Scan& scan, Marker& marker) {
  put(marker, "percent", scan.number());
  if (!scan.past("(")) return;
  put(marker, "done", scan.number());
  if (scan.past("/")) put(marker, "of", scan.number());
}

void read_shards(Scan& scan, Marker& marker) {
  Scan loader = scan;
  if (loader.past("using ")) put(marker, "loader", loader.until(":"));
  scan.past(":");
  read_bar(scan, marker);
}

void read_fast_shards(Scan& scan, Marker& marker) {
  put(marker, "loader", std::string("fastsafetensors"));
  read_bar(scan, marker);
}

// "14.29 GiB and 10.078310 seconds", "14.29 GiB memory and 2.1 seconds"
void read_model_load(Scan& scan, Marker& marker) {
  read_gib(scan, marker);
  if (scan.past("and ")) read_seconds(scan, marker);
}

void read_path(Scan& scan, Marker& marker) { put(marker, "path", scan.word()); }

// "compile range (1, 8192) takes 7.39 s", "dynamic shape takes 3.1 s"
void read_compile_range(Scan& scan, Marker& marker) {
  Scan range = scan;
  if (range.past("range (")) {
    put(marker, "from", range.number());
    if (range.past(",")) put(marker, "to", range.number());
  }
  if (scan.past("takes ")) read_seconds(scan, marker);
}

void read_took(Scan& scan, Marker& marker) {
  if (scan.past("took ")) read_seconds(scan, marker);
}

// "took 3.19 s in total", "takes 15.8 s in total"
void read_compile_total(Scan& scan, Marker& marker) {
  if (scan.past(" ")) read_seconds(scan, marker);
}

void read_tokens(Scan& scan, Marker& marker) {
  put(marker, "tokens", scan.number());
  if (scan.past("per request: ")) put(marker, "times", scan.number());
}

// "3 secs, took 0.89 GiB"
void read_graphs(Scan& scan, Marker& marker) {
  read_seconds(scan, marker);
  if (scan.past("took ")) read_gib(scan, marker);
}

// "took 8.99 s (compilation: 3.19 s)"
void read_engine_ready(Scan& scan, Marker& marker) {
  read_took(scan, marker);
  if (scan.past("(compilation: ")) put(marker, "compile_seconds", scan.number());
}

void read_listen(Scan& scan, Marker& marker) {
  if (scan.past(" on ")) put(marker, "url", scan.word());
}

void read_route(Scan& scan, Marker& marker) { put(marker, "path", scan.until(",")); }

// Order matters where one literal stands inside another: the longer first.
constexpr Rule k_rules[] = {
    {Event::server_version, "vLLM API server version ", read_version},
    {Event::engine_start, "Initializing a V", read_engine_start},
    {Event::engine_start, "Initializing an LLM engine", nullptr},
    {Event::dist_init, "world_size=", read_dist_init},
    {Event::load_start, "Starting to load model ", read_load_start},
    {Event::load_start, "Loading model from scratch...", nullptr},
    {Event::model_init, "Initializing model took ", read_seconds},
    {Event::download, "Time spent downloading weights for ", read_download},
    {Event::index_missing, "No model.safetensors.index.json found in remote", nullptr},
    {Event::index_missing, " found in local cache.", nullptr},
    {Event::filesystem, "Filesystem type for checkpoints: ", read_filesystem},
    {Event::prefetch_off, "Auto-prefetch is disabled because ", read_prefetch_off},
    {Event::prefetch_done, "Prefetching checkpoint files into page cache finished in ", read_seconds},
    {Event::prefetch_start, "Prefetching checkpoint files into page cache started", nullptr},
    {Event::prefetch, "Prefetching checkpoint files: ", read_prefetch},
    {Event::shards, "Loading fastsafetensors checkpoint shards", read_fast_shards},
    {Event::shards, "Loading safetensors checkpoint shards", read_shards},
    {Event::shards, "Loading safetensors using ", [](Scan& scan, Marker& marker) {
       put(marker, "loader", scan.until(":"));
       read_bar(scan, marker);
     }},
    {Event::shards, "Multi-thread loading shards", read_shards},
    {Event::shards, "Loading pt checkpoint shards", read_shards},
    {Event::shards, "Loading np_cache checkpoint shards", read_shards},
    {Event::weights, "Loading weights took ", read_seconds},
    {Event::model_load, "Model loading took ", read_model_load},
    {Event::compile_cache, "Using cache directory: ", read_path},
    {Event::dynamo, "Dynamo bytecode transform time: ", read_seconds},
    {Event::graph_stored, "Cache the graph of ", nullptr},
    {Event::compile_range, "Compiling a graph for ", read_compile_range},
    {Event::cached_graph, "Directly load the compiled graph(s) for ", read_took},
    {Event::compile_loaded, "Directly load AOT compilation from path ", read_path},
    {Event::compile_saved, "saved AOT compiled function to ", read_path},
    {Event::compile_total, "torch.compile took", read_compile_total},
    {Event::compile_total, "torch.compile takes", read_compile_total},
    {Event::profile_run, "Initial profiling/warmup run took ", read_seconds},
    {Event::graph_memory, "Profiling CUDA graph memory", read_bar},
    {Event::warmup, "Warming up model for the compilation", nullptr},
    {Event::warmup_done, "Warming up done.", nullptr},
    {Event::kv_memory, "Available KV cache memory: ", read_gib},
    {Event::kv_memory, "Explicitly set (", read_gib},  // CPU: "(1.0/14.96) GiB for KV cache on node 0."
    {Event::kv_size, "KV cache size: ", read_tokens},  // "GPU …" and "CPU …"
    {Event::concurrency, "Maximum concurrency for ", read_tokens},
    {Event::graph_bar, "Capturing CUDA graph", read_bar},
    {Event::graphs, "Graph capturing finished in ", read_graphs},
    {Event::engine_ready, "init engine (profile, create kv cache, warmup model) ", read_engine_ready},
    {Event::listen, "Starting vLLM API server", read_listen},
    {Event::listen, "Starting vLLM server", read_listen},
    {Event::routes, "Available routes are:", nullptr},
    {Event::routes, "Route: ", read_route},
    {Event::http_up, "Application startup complete.", nullptr},
    {Event::http_start, "Started server process", nullptr},
    {Event::http_start, "Waiting for application startup.", nullptr},
    {Event::listen, "Uvicorn running", read_listen},
    {Event::waiting, "No available shared memory broadcast block found in ", read_seconds},
    {Event::failed, "EngineCore failed to start", nullptr},
    {Event::failed, "Failed to load model - not enough GPU memory", nullptr},
    {Event::failed, "KeyboardInterrupt: terminated", nullptr},  // SIGTERM while it loads
};

struct Origin {
  std::string process;
  std::optional<double> pid;
  std::string_view message;
};

// "(Worker_DP1_TP4_EP12 pid=42) rest"
Origin origin_of(std::string_view line) {
  constexpr std::size_t longest = 64;
  Origin origin{{}, {}, line};
  if (!line.starts_with('(')) return origin;
  const auto end = line.substr(0, longest).find(") ");
  if (end == std::string_view::npos) return origin;
  Scan scan(line.substr(1, end - 1));
  origin.process = scan.word();
  if (scan.past("pid=")) origin.pid = scan.number();
  origin.message = line.substr(end + 2);
  return origin;
}

// Since 0.25 the version stands in a banner of block characters: "… ▄▄ ▄█ █ █  version 0.25.1".
std::optional<Marker> parse_banner(std::string_view message) {
  Scan scan(message.substr(0, 400));
  if (!scan.past("█") || !scan.past("  version ")) return std::nullopt;
  Marker marker;
  put(marker, "version", scan.word());
  return marker;
}

}  // namespace

std::optional<Marker> parse_vllm(std::string_view line) {
  const Origin origin = origin_of(line);
  auto marker = match(k_rules, origin.message);
  if (!marker) marker = parse_banner(origin.message);
  if (!marker) return std::nullopt;
  put(*marker, "process", origin.process);
  put(*marker, "pid", origin.pid);
  return marker;
}

}  // namespace stoker::engine
