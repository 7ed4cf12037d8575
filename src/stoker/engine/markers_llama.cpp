// llama-server: 0.7.0 writes "0.00.009.600 I srv    load_model: loading model 'm.gguf'", older ones "main: model loaded".
// What names a tensor or a buffer comes only with -lv 4.
#include "stoker/engine/markers_scan.hpp"

namespace stoker::engine {
namespace {

// "build 11669 (Debian)", "build: 4589 (eb7cf15a)"
void read_build(Scan& scan, Marker& marker) {
  if (const auto number = scan.number()) marker.texts["version"] = "b" + std::to_string(static_cast<long>(*number));
}

void read_url(Scan& scan, Marker& marker) { put(marker, "url", scan.word()); }

void read_mib(Scan& scan, Marker& marker) { put(marker, "mib", scan.number()); }

void read_took(Scan& scan, Marker& marker) {
  if (scan.past("took ")) read_seconds(scan, marker);
}

constexpr Rule k_rules[] = {
    {Event::server_version, "llama_server: initializing", nullptr},
    {Event::server_version, "common_params_print_info: build ", read_build},
    {Event::server_version, "build: ", read_build},
    {Event::prepare, "loading model '", [](Scan& scan, Marker& marker) { put(marker, "model", scan.until("'")); }},
    {Event::prepare, "main: loading model", nullptr},
    {Event::fit, "fitting params to ", read_took},
    {Event::load_start, "load_tensors: loading model tensors", nullptr},
    {Event::buffer, " model buffer size = ", read_mib},
    {Event::context, "constructing llama_context", nullptr},
    {Event::context, "llama_new_context_with_model: n_seq_max", nullptr},
    {Event::kv_size, "llama_kv_cache: size = ", read_mib},
    {Event::warmup, "llama threadpool init", nullptr},
    {Event::warmup, "warming up the model", nullptr},
    {Event::warmup_done, "load_model: initializing, n_slots", nullptr},
    {Event::warmup_done, "init: initializing slots", nullptr},
    {Event::warmup_done, "load_model: initializing slots", nullptr},
    {Event::model_ready, ": model loaded", nullptr},
    {Event::listen, "listening on ", read_url},
    {Event::failed, "exiting due to model loading error", nullptr},
    {Event::failed, "failed to load model", nullptr},
};

}  // namespace

std::optional<Marker> parse_llama(std::string_view line) { return match(k_rules, line); }

}  // namespace stoker::engine
