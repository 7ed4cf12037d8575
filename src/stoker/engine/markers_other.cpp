// Text Generation Inference (3.3.7) and our own lab engine.
#include "stoker/engine/markers_scan.hpp"

namespace stoker::engine {
namespace {

// Rust's Debug of a Duration: "5.4s", "812.3ms", "17µs".
void read_duration(Scan& scan, Marker& marker) {
  const auto number = scan.number();
  if (!number) return;
  const std::string unit = scan.word();
  const double scale = unit == "ms" ? 1e-3 : unit == "µs" ? 1e-6 : unit == "ns" ? 1e-9 : 1;
  marker.numbers["seconds"] = *number * scale;
}

void read_model(Scan& scan, Marker& marker) { put(marker, "model", scan.word()); }

constexpr Rule k_tgi[] = {
    {Event::download_start, "Starting check and download process for ", read_model},
    {Event::download, "Successfully downloaded weights for ", read_model},
    {Event::load_start, "Starting shard", nullptr},
    {Event::waiting, "Waiting for shard to be ready...", nullptr},
    {Event::model_load, "Shard ready in ", read_duration},
    {Event::engine_ready, "Starting Webserver", nullptr},
    {Event::warmup, "Warming up model", nullptr},
    {Event::ready, "Connected", nullptr},
};

// "lab engine 0.1.0: model /m, load mmap"
void read_lab_model(Scan& scan, Marker& marker) {
  put(marker, "model", scan.until(","));
  if (scan.past("load ")) put(marker, "load", scan.word());
}

// "lab engine: loading 4 shards, 15231271936 bytes"
void read_lab_start(Scan& scan, Marker& marker) {
  put(marker, "of", scan.number());
  if (scan.past("shards, ")) put(marker, "bytes", scan.number());
}

void read_lab_shard(Scan& scan, Marker& marker) {
  put(marker, "done", scan.number());
  if (scan.past("/")) put(marker, "of", scan.number());
}

void read_lab_loaded(Scan& scan, Marker& marker) {
  put(marker, "bytes", scan.number());
  if (scan.past("bytes in ")) read_seconds(scan, marker);
}

constexpr Rule k_lab[] = {
    {Event::engine_start, "lab engine: init done in ", read_seconds},
    {Event::load_start, "lab engine: loading ", read_lab_start},
    {Event::shards, "lab engine: shard ", read_lab_shard},
    {Event::weights, "lab engine: loaded ", read_lab_loaded},
    {Event::listen, "lab engine: listening on ", [](Scan& scan, Marker& marker) { put(marker, "url", scan.word()); }},
    {Event::server_version, "lab engine ", [](Scan& scan, Marker& marker) {
       put(marker, "version", scan.until(":"));
       if (scan.past(": model ")) read_lab_model(scan, marker);
     }},
};

}  // namespace

std::optional<Marker> parse_tgi(std::string_view line) { return match(k_tgi, line); }
std::optional<Marker> parse_lab(std::string_view line) { return match(k_lab, line); }

}  // namespace stoker::engine
