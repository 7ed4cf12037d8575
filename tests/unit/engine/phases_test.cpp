#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fmt/core.h>
#include <fstream>
#include <random>
#include <sstream>

#include "stoker/base/text.hpp"
#include "stoker/engine/markers.hpp"

namespace stoker::engine {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;

double sum(const Phases& phases) {
  double total = 0;
  for (const auto& phase : phases.phases) total += phase.seconds;
  return total;
}

std::optional<double> seconds_of(const Phases& phases, std::string_view name) {
  for (const auto& phase : phases.phases)
    if (phase.name == name) return phase.seconds;
  return std::nullopt;
}

struct Log {
  std::vector<StampedLine> lines;
  Seconds ready{};
};

std::vector<std::string> fixture(const std::string& name) {
  std::ifstream file(std::string(STOKER_FIXTURES) + "/engine-logs/" + name);
  EXPECT_TRUE(file) << name;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// The logs were kept without our stamps: MM-DD HH:MM:SS at one second stands in, and lines without any take the line
// before; a loading bar adds what it says has elapsed. The first line counts as exec.
std::optional<double> clock_in(const std::string& line) {
  int month = 0, day = 0, hour = 0, minute = 0, second = 0;
  for (const char* level : {"INFO ", "WARNING "})
    if (const auto at = line.find(level); at != std::string::npos)
      if (std::sscanf(line.c_str() + at + std::string_view(level).size(), "%2d-%2d %2d:%2d:%2d", &month, &day, &hour, &minute, &second) == 5)
        return ((day * 24 + hour) * 60 + minute) * 60.0 + second;
  return std::nullopt;
}

double bar_elapsed(const std::string& line) {
  int minutes = 0, seconds = 0;
  const auto at = line.find(" [0");
  if (line.find("Loading ") == std::string::npos || at == std::string::npos) return 0;
  return std::sscanf(line.c_str() + at, " [%2d:%2d<", &minutes, &seconds) == 2 ? minutes * 60.0 + seconds : 0;
}

Log vllm_log(const std::string& name) {
  Log log;
  std::optional<double> exec;
  double at = 0;
  for (const auto& line : fixture(name)) {
    if (const auto clock = clock_in(line)) {
      if (!exec) exec = *clock;
      at = *clock - *exec;
    }
    log.lines.push_back({Seconds(at + bar_elapsed(line)), line});
    if (line.find("\"GET /v1/models HTTP/1.1\" 200") != std::string::npos) log.ready = Seconds(at);
  }
  return log;
}

// Column one: ms since exec. "err" lines are the server's own.
Log llama_log(std::size_t wanted) {
  Log log;
  std::size_t run = 0;
  for (const auto& line : fixture("llama-server-0.7.0-runs.txt")) {
    run += line.starts_with("#####") ? 1 : 0;
    char* rest = nullptr;
    const double ms = std::strtod(line.c_str(), &rest);
    if (run != wanted || rest == line.c_str()) continue;
    const std::string_view what = trim(rest);
    if (what.starts_with("err ")) log.lines.push_back({Seconds(ms / 1000), std::string(what.substr(4))});
    if (what.starts_with("GET /health -> 200")) log.ready = Seconds(ms / 1000);
  }
  if (log.ready.count() <= 0 && !log.lines.empty()) log.ready = log.lines.back().at;  // the log ends before ready
  return log;
}

std::string printed(const Phases& phases, Seconds ready) {
  std::string text = fmt::format("ready {:.3f}\nversion {}\n\n", ready.count(), phases.version);
  for (const auto& phase : phases.phases) text += fmt::format("{:<28}{:>9.3f}\n", phase.name, phase.seconds);
  text += "\nengine said\n";
  for (const auto& [key, number] : phases.engine_said) text += fmt::format("{:<28}{:>13.3f}\n", key, number);
  return text;
}

void expect_golden(const std::string& name, const Phases& phases, Seconds ready) {
  EXPECT_EQ(sum(phases), ready.count()) << name;
  const std::string path = std::string(STOKER_FIXTURES) + "/../golden/phases/" + name + ".txt";
  const std::string text = printed(phases, ready);
  if (std::getenv("STOKER_ACCEPT") != nullptr) std::ofstream(path) << text;
  std::ifstream file(path);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text, golden.str()) << "golden " << path << "; STOKER_ACCEPT=1 rewrites it";
}

class VllmGolden : public testing::TestWithParam<const char*> {};

TEST_P(VllmGolden, phases) {
  const std::string name = GetParam();
  const Log log = vllm_log(name + ".log");
  ASSERT_GT(log.ready.count(), 0);
  expect_golden(name, phases_of(Kind::vllm, log.lines, log.ready), log.ready);
}

INSTANTIATE_TEST_SUITE_P(logs, VllmGolden,
                         testing::Values("vllm-0.25.1-h200-7b-first", "vllm-0.25.1-h200-7b-cold", "vllm-0.25.1-h200-7b-warm",
                                         "vllm-0.25.1-h200-7b-eager", "vllm-0.25.1-h200-7b-fastsafetensors",
                                         "vllm-0.25.1-h200-7b-runai", "vllm-0.32.0-cpu-0.5b-compile", "vllm-0.32.0-cpu-0.5b-eager"));

class LlamaGolden : public testing::TestWithParam<int> {};

TEST_P(LlamaGolden, phases) {
  const auto run = static_cast<std::size_t>(GetParam());
  const Log log = llama_log(run);
  expect_golden(fmt::format("llama-server-0.7.0-run{}", run), phases_of(Kind::llama_server, log.lines, log.ready), log.ready);
}

INSTANTIATE_TEST_SUITE_P(runs, LlamaGolden, testing::Range(1, 5));

TEST(Phases, known_figures_of_the_cold_h200_start) {
  const Log log = vllm_log("vllm-0.25.1-h200-7b-cold.log");
  const auto phases = phases_of(Kind::vllm, log.lines, log.ready);
  EXPECT_EQ(phases.version, "0.25.1");
  EXPECT_NEAR(*seconds_of(phases, "weights"), 8.37, 0.01);
  EXPECT_NEAR(*seconds_of(phases, "compile"), 3.19, 0.01);
  EXPECT_DOUBLE_EQ(phases.engine_said.at("weights_s"), 8.37);
  EXPECT_DOUBLE_EQ(phases.engine_said.at("engine_init_s"), 8.99);
  EXPECT_DOUBLE_EQ(phases.engine_said.at("compile_s"), 3.19);
  EXPECT_DOUBLE_EQ(phases.engine_said.at("kv_tokens"), 2116592);
  EXPECT_EQ(*seconds_of(phases, "unattributed"), 0);
}

std::vector<StampedLine> stamped(std::initializer_list<std::pair<double, const char*>> lines) {
  std::vector<StampedLine> all;
  for (const auto& [at, text] : lines) all.push_back({Seconds(at), text});
  return all;
}

const auto k_start = {std::pair<double, const char*>{8, "vLLM API server version 0.13.0"},
                      {14, "Initializing a V1 LLM engine (v0.13.0) with config: model='/m'"},
                      {17, "Starting to load model /m..."},
                      {26, "Loading weights took 8.00 seconds"},
                      {27, "Model loading took 14.29 GiB memory and 10.0 seconds"},
                      {31, "torch.compile takes 3.00 s in total"},
                      {32, "GPU KV cache size: 1,000 tokens"},
                      {36, "Graph capturing finished in 3 secs, took 0.89 GiB"},
                      {37, "init engine (profile, create kv cache, warmup model) took 10.00 seconds"},
                      {38, "Starting vLLM API server 0 on http://0.0.0.0:8000"}};

TEST(Phases, a_whole_vllm_start) {
  const auto phases = phases_of(Kind::vllm, stamped(k_start), Seconds(39));
  const std::pair<const char*, double> expected[] = {
      {"spawn", 8}, {"import+config", 6}, {"engine-spawn+dist-init", 3}, {"load-prepare", 1}, {"weights", 8}, {"post-load", 1},
      {"profile+kv", 2}, {"compile", 3}, {"engine-rest", 2}, {"graph-capture", 3}, {"http", 2}, {"unattributed", 0}};
  ASSERT_EQ(phases.phases.size(), std::size(expected));
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(phases.phases[i].name, expected[i].first);
    EXPECT_DOUBLE_EQ(phases.phases[i].seconds, expected[i].second) << expected[i].first;
  }
  EXPECT_EQ(sum(phases), 39);
}

TEST(Phases, a_download_is_cut_out) {
  const auto phases = phases_of(Kind::vllm, stamped({{1, "vLLM API server version 0.13.0"}, {2, "Initializing a V1 LLM engine (v0.13.0)"},
                                                     {3, "Starting to load model org/m..."},
                                                     {60, "Time spent downloading weights for org/m: 55.000000 seconds"},
                                                     {70, "Loading weights took 9.50 seconds"}}), Seconds(80));
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "download"), 55);
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "weights"), 9.5);
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "load-prepare"), 2.5);
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "unattributed"), 10);
}

TEST(Phases, draft_models_and_ranks_repeat_their_lines) {
  const auto phases = phases_of(Kind::vllm, stamped({{1, "vLLM API server version 0.13.0"}, {2, "Initializing a V1 LLM engine (v0.13.0)"},
                                                     {3, "(Worker_TP0 pid=1) Starting to load model /m..."},
                                                     {3.5, "(Worker_TP1 pid=2) Starting to load model /m..."},
                                                     {10, "(Worker_TP0 pid=1) Loading weights took 6.00 seconds"},
                                                     {14, "(Worker_TP0 pid=1) Loading weights took 2.00 seconds"},
                                                     {15, "(Worker_TP1 pid=2) Model loading took 7.1 GiB memory and 11.0 seconds"},
                                                     {16, "(Worker_TP0 pid=1) Model loading took 7.0 GiB memory and 12.0 seconds"},
                                                     {18, "GPU KV cache size: 1,000 tokens"}}), Seconds(20));
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "weights"), 8);
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "load-prepare"), 3);
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "post-load"), 2);
  EXPECT_DOUBLE_EQ(phases.engine_said.at("weights_s"), 8);
  EXPECT_DOUBLE_EQ(phases.engine_said.at("model_load_s"), 12);
  EXPECT_DOUBLE_EQ(phases.engine_said.at("model_gib"), 7.1);
  EXPECT_EQ(sum(phases), 20);
}

TEST(Phases, a_length_longer_than_its_phase_is_cut) {
  const auto phases = phases_of(Kind::vllm, stamped({{1, "vLLM API server version 0.13.0"}, {2, "Initializing a V1 LLM engine (v0.13.0)"},
                                                     {5, "Starting to load model /m..."}, {6, "Loading weights took 1000 seconds"}}), Seconds(7));
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "weights"), 1);
  EXPECT_EQ(sum(phases), 7);
}

TEST(Phases, lines_after_ready_do_not_count) {
  const auto phases = phases_of(Kind::vllm, stamped({{1, "vLLM API server version 0.13.0"}, {9, "Loading weights took 3 seconds"}}), Seconds(5));
  EXPECT_FALSE(seconds_of(phases, "weights"));
  EXPECT_THAT(phases.engine_said, Not(Contains(Key("weights_s"))));
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "spawn"), 1);
  EXPECT_DOUBLE_EQ(*seconds_of(phases, "unattributed"), 4);
}

TEST(Phases, nothing_seen_is_all_unattributed) {
  for (const Kind kind : {Kind::vllm, Kind::sglang, Kind::llama_server, Kind::tgi, Kind::lab, Kind::command}) {
    const auto phases = phases_of(kind, {}, Seconds(12.5));
    ASSERT_EQ(phases.phases.size(), 1U) << to_string(kind);
    EXPECT_EQ(phases.phases[0].name, "unattributed");
    EXPECT_EQ(phases.phases[0].seconds, 12.5);
  }
}

TEST(Phases, sglang) {
  const auto phases = phases_of(Kind::sglang, stamped({{6, "[2026-02-26 05:24:06] server_args=ServerArgs(model_path='/m')"},
                                                       {20, "[2026-02-26 05:24:20 TP0] Load weight begin. avail mem=78 GB"},
                                                       {33, "[2026-02-26 05:24:33 TP0] Load weight end. elapsed=12.50 s, type=X"},
                                                       {34, "[2026-02-26 05:24:34 TP0] KV Cache is allocated. #tokens: 10"},
                                                       {40, "[2026-02-26 05:24:40 TP0] Capture target decode CUDA graph end. elapsed=5.00 s"},
                                                       {41, "[2026-02-26 05:24:41 TP0] max_total_num_tokens=10"},
                                                       {42, "[2026-02-26 05:24:41] Engine startup timings (s): load_weight=12.50"},
                                                       {43, "INFO:     Uvicorn running on http://127.0.0.1:30000"},
                                                       {45, "[2026-02-26 05:24:45] The server is fired up and ready to roll!"}}), Seconds(45.5));
  const std::pair<const char*, double> expected[] = {{"spawn", 6}, {"engine-spawn+dist-init", 14}, {"load-prepare", 0.5}, {"weights", 12.5},
                                                     {"profile+kv", 1}, {"engine-rest", 2}, {"graph-capture", 5}, {"http", 2},
                                                     {"warm-up", 2.5}, {"unattributed", 0}};
  for (const auto& [name, seconds] : expected) EXPECT_DOUBLE_EQ(seconds_of(phases, name).value_or(-1), seconds) << name;
  EXPECT_EQ(sum(phases), 45.5);
  EXPECT_DOUBLE_EQ(phases.engine_said.at("summary_load_weight_s"), 12.5);
}

TEST(Phases, lab_and_tgi) {
  const auto lab = phases_of(Kind::lab, stamped({{0.1, "lab engine 0.1.0: model /m, load mmap"}, {2.1, "lab engine: init done in 2 s"},
                                                 {2.2, "lab engine: loading 1 shards, 100 bytes"}, {4.2, "lab engine: loaded 100 bytes in 2 s"},
                                                 {4.3, "lab engine: listening on http://127.0.0.1:1"}}), Seconds(4.4));
  EXPECT_EQ(lab.version, "0.1.0");
  EXPECT_NEAR(*seconds_of(lab, "init"), 2.1, 1e-9);
  EXPECT_NEAR(*seconds_of(lab, "weights"), 2.0, 1e-9);
  EXPECT_EQ(sum(lab), 4.4);
  const auto tgi = phases_of(Kind::tgi, stamped({{1, "Starting check and download process for m"}, {5, "Successfully downloaded weights for m"},
                                                 {6, "Starting shard"}, {30, "Shard ready in 24s rank=0"}, {31, "Starting Webserver"},
                                                 {33, "Warming up model"}, {40, "Connected"}}), Seconds(41));
  EXPECT_DOUBLE_EQ(*seconds_of(tgi, "engine-spawn+weights"), 24);
  EXPECT_DOUBLE_EQ(*seconds_of(tgi, "warm-up"), 7);
  EXPECT_EQ(sum(tgi), 41);
}

// Any subset of real lines in any order: the sum holds, nothing is negative.
TEST(Phases, lost_doubled_and_shuffled_lines) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Log log = vllm_log("vllm-0.25.1-h200-7b-first.log");
  for (int round = 0; round < 300; ++round) {
    std::vector<StampedLine> lines;
    for (const auto& line : log.lines)
      for (auto copies = random() % 3; copies > 0; --copies) lines.push_back({Seconds(static_cast<double>(random() % 80000) / 997), line.text});
    if (round % 2 == 0) std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    const Seconds ready(static_cast<double>(random() % 100000 + 1) / 1009);
    const auto phases = phases_of(Kind::vllm, lines, ready);
    ASSERT_EQ(sum(phases), ready.count());
    for (const auto& phase : phases.phases) ASSERT_GE(phase.seconds, 0) << phase.name;
  }
}

}  // namespace
}  // namespace stoker::engine
