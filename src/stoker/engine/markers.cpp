#include "stoker/engine/markers.hpp"

#include "stoker/engine/markers_scan.hpp"

namespace stoker::engine {

std::string_view to_string(Event event) {
  switch (event) {
    case Event::server_version: return "server_version";
    case Event::engine_start: return "engine_start";
    case Event::dist_init: return "dist_init";
    case Event::prepare: return "prepare";
    case Event::fit: return "fit";
    case Event::load_start: return "load_start";
    case Event::model_init: return "model_init";
    case Event::download_start: return "download_start";
    case Event::download: return "download";
    case Event::index_missing: return "index_missing";
    case Event::filesystem: return "filesystem";
    case Event::prefetch_off: return "prefetch_off";
    case Event::prefetch_start: return "prefetch_start";
    case Event::prefetch: return "prefetch";
    case Event::prefetch_done: return "prefetch_done";
    case Event::shards: return "shards";
    case Event::buffer: return "buffer";
    case Event::weights: return "weights";
    case Event::context: return "context";
    case Event::model_load: return "model_load";
    case Event::compile_cache: return "compile_cache";
    case Event::dynamo: return "dynamo";
    case Event::graph_stored: return "graph_stored";
    case Event::compile_range: return "compile_range";
    case Event::cached_graph: return "cached_graph";
    case Event::compile_saved: return "compile_saved";
    case Event::compile_loaded: return "compile_loaded";
    case Event::compile_total: return "compile_total";
    case Event::profile_run: return "profile_run";
    case Event::graph_memory: return "graph_memory";
    case Event::kv_memory: return "kv_memory";
    case Event::kv_size: return "kv_size";
    case Event::concurrency: return "concurrency";
    case Event::warmup: return "warmup";
    case Event::warmup_done: return "warmup_done";
    case Event::graph_bar: return "graph_bar";
    case Event::graphs: return "graphs";
    case Event::engine_ready: return "engine_ready";
    case Event::model_ready: return "model_ready";
    case Event::summary: return "summary";
    case Event::http_start: return "http_start";
    case Event::listen: return "listen";
    case Event::routes: return "routes";
    case Event::http_up: return "http_up";
    case Event::ready: return "ready";
    case Event::waiting: return "waiting";
    case Event::failed: break;
  }
  return "failed";
}

std::optional<Marker> parse_marker(Kind kind, std::string_view line) {
  switch (kind) {
    case Kind::vllm: return parse_vllm(line);
    case Kind::sglang: return parse_sglang(line);
    case Kind::llama_server: return parse_llama(line);
    case Kind::tgi: return parse_tgi(line);
    case Kind::lab: return parse_lab(line);
    case Kind::command: break;
  }
  return std::nullopt;
}

}  // namespace stoker::engine
