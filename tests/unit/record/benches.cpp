#include "unit/record/benches.hpp"

#include <fmt/format.h>

namespace stoker::record::benches {
namespace {

constexpr Bytes k_weights = 15'231'233'024;

void fill_host(HostFacts& host) {
  host.kernel = "6.18.5";
  host.distribution = "Debian GNU/Linux 12 (bookworm)";
  host.cpu = "AMD EPYC 9534 64-Core Processor";
  host.virtualization = "kvm guest";
  host.cores = 16;
  host.memory_total = 128 * k_gib;
  host.memory_available = 119 * k_gib;
  host.mount_point = "/models";
  host.filesystem = "ext4";
  host.filesystem_kind = "local";
  host.mount_source = "/dev/vdb";
  host.mount_options = "rw,relatime";
  host.device = "vdb";
  host.scheduler = "none";
  host.read_ahead_kib = 128;
  host.rotational = false;
  host.device_ceiling_bytes_per_s = 3.5e9;
  host.device_ceiling_method = "O_DIRECT, 8 readers of 4 MiB, 2.00 GiB in 0.6 s";
  host.gpus = {"NVIDIA H200, 141 GiB"};
  host.gpu_driver = "580.95.05";
}

void add_io(Start& start, bool cold) {
  start.residency_before = cold ? 0.0 : 1.0;
  start.residency_after = 1.0;
  start.device_weight_bytes = cold ? k_weights : 0;
  start.device_other_bytes = 42 * k_mib;
  start.device_read_bytes = *start.device_weight_bytes + *start.device_other_bytes;
  start.device_read_source = "block device";
  start.tree_read_bytes = *start.device_read_bytes;
  start.major_faults = cold ? 118'204 : 311;
  start.io_pressure_some_s = cold ? 6.4 : 0.2;
  start.io_pressure_full_s = cold ? 5.9 : 0.1;
}

Start invalid_start(const std::string& run_id, const std::string& reason) {
  Start start;
  start.run_id = run_id;
  start.mode = Mode::cold;
  start.invalid_reason = reason;
  start.began = "2026-11-20T10:00:00Z";
  start.weight_bytes = k_weights;
  return start;
}

}  // namespace

StartBench vllm() {
  StartBench bench;
  bench.began = "2026-11-20T10:00:00Z";
  bench.ended = "2026-11-20T10:14:31Z";
  bench.stoker_version = "0.1.0";
  bench.model = "Qwen/Qwen2.5-7B-Instruct";
  bench.model_path = "/models/qwen2.5-7b";
  bench.model_from = "directory";
  bench.weight_bytes = k_weights;
  bench.weight_files = 4;
  bench.weight_format = "safetensors";
  bench.max_model_len = 4096;
  bench.engine = "vllm";
  bench.engine_version = "0.25.1";
  bench.command = {"vllm", "serve", "/models/qwen2.5-7b", "--port", "8000", "--max-model-len", "4096"};
  bench.port = 8000;
  bench.modes = {Mode::cold, Mode::warm};
  bench.runs = 5;
  bench.cooldown_s = 5;
  fill_host(bench.host);
  return bench;
}

Start vllm_start(const std::string& run_id, Mode mode, double load_s) {
  const bool cold = mode == Mode::cold;
  const double weights = cold ? 7.6 : 1.6;
  Start start;
  start.run_id = run_id;
  start.mode = mode;
  start.valid = true;
  start.began = "2026-11-20T10:00:00Z";
  start.load_s = load_s;
  start.first_token_s = load_s + 0.25;
  start.phases = {{"spawn", 0.05}, {"import+config", 14.2}, {"weights", weights}, {"compile", 2.5}, {"unattributed", load_s - 16.75 - weights}};
  start.engine_said = {{"weights_s", weights - 0.1}, {"compile_s", 2.41}};
  start.weight_bytes = k_weights;
  start.gpu = GpuMemory{{451 * k_mib}, {127 * k_gib}, {128 * k_gib}};
  start.states = {{"bytecode", "complete", "8211 of 8211 modules", "/opt/venv/lib/python3.11/site-packages", 121 * k_mib},
                  {"vllm compile cache", "filled", "1320 files", "/var/cache/vllm", 88 * k_mib},
                  {"engine files", "as found", "not evicted", "", std::nullopt}};
  add_io(start, cold);
  return start;
}

StartBench vllm_with(const std::vector<double>& cold, const std::vector<double>& warm) {
  StartBench bench = vllm();
  bench.runs = static_cast<int>(std::max(cold.size(), warm.size()));
  for (std::size_t round = 0; round < std::max(cold.size(), warm.size()); ++round) {
    if (round < cold.size()) bench.starts.push_back(vllm_start(fmt::format("r{}-cold", round + 1), Mode::cold, cold[round]));
    if (round < warm.size()) bench.starts.push_back(vllm_start(fmt::format("r{}-warm", round + 1), Mode::warm, warm[round]));
  }
  return bench;
}

StartBench distinct() { return vllm_with({33.8, 34.2, 33.1, 34.9, 33.5}, {26.2, 26.9, 25.7, 26.0, 26.6}); }

StartBench noisy() {
  StartBench bench = vllm_with({49.4, 52.7, 49.4, 41.6, 61.2}, {60.0, 47.0, 42.8, 52.7, 45.0});
  for (auto& start : bench.starts)
    start.states.front() = {"bytecode", "none", "PYTHONDONTWRITEBYTECODE is set", "/opt/venv/lib/python3.11/site-packages", std::nullopt};
  return bench;
}

StartBench all_invalid() {
  StartBench bench = vllm();
  bench.runs = 2;
  bench.interrupted = "the engine ended before it was ready (exit code 1)";
  bench.starts.push_back(invalid_start("r1-cold", "2.81 GiB of model-00001-of-00004.safetensors stayed resident: mapped by pid 4711 (python3)"));
  bench.starts.push_back(invalid_start("r1-warm", ""));
  bench.starts.back().mode = Mode::warm;
  bench.starts.back().valid = true;
  bench.starts.back().residency_before = 1.0;
  bench.starts.back().exit = "exit code 1 after 4.12 s";
  bench.starts.back().last_lines = {"INFO 11-20 10:00:03 [api_server.py] starting", "torch.OutOfMemoryError: CUDA out of memory."};
  return bench;
}

StartBench one_each() {
  StartBench bench = vllm_with({}, {});
  bench.engine = "lab";
  bench.engine_version.clear();
  bench.command = {"stoker", "lab", "engine", "/models/qwen2.5-7b", "--port", "8000"};
  bench.max_model_len.reset();
  bench.runs = 1;
  bench.host.gpus.clear();
  bench.host.gpu_driver.clear();
  for (const auto& [mode, load_s] : {std::pair{Mode::cold, 5.31}, std::pair{Mode::warm, 0.842}}) {
    Start start = vllm_start(fmt::format("r1-{}", to_string(mode)), mode, load_s);
    start.first_token_s.reset();
    start.gpu.reset();
    start.states.clear();
    start.engine_said.clear();
    start.phases = {{"spawn", 0.004}, {"weights", load_s - 0.011}, {"unattributed", 0.007}};
    bench.starts.push_back(start);
  }
  return bench;
}

StartBench hostile() {
  const std::string nightmare = "<img src=x>|`$(rm)`|\n# not a title\n\x1b[31m[a](javascript:b) =1+1 \xff_under_";
  StartBench bench = vllm_with({33.8, 34.2}, {26.2, 26.4});
  bench.model = nightmare;
  bench.model_path = "/models/" + nightmare;
  bench.engine_version = nightmare;
  bench.command = {"vllm", "serve", nightmare, "```", "````\n# out of the fence"};
  bench.cold_scope = ColdScope::all;
  bench.modes = {Mode::cold, Mode::warm, Mode::prewarm_cold};
  bench.interrupted = nightmare;
  bench.warnings = {nightmare, "the loader reads past the page cache"};
  bench.host.device_model = nightmare;
  bench.host.cgroup_memory_limit = 64 * k_gib;
  bench.host.gpus = {"NVIDIA H200, 141 GiB", nightmare};
  for (auto& start : bench.starts) {
    start.gpu = GpuMemory{{451 * k_mib, 3 * k_mib}, {127 * k_gib, 126 * k_gib}, {128 * k_gib, 127 * k_gib}};
    start.notes = {nightmare};
    start.states.back() = {"engine files", "cold", "2210 files evicted", "", 1700 * k_mib};
    start.states.push_back({nightmare, nightmare, nightmare, nightmare, 17});
    start.phases.insert(start.phases.begin(), {nightmare, 0.0});
    start.engine_said[nightmare] = 1.5;
  }
  Start prewarmed = vllm_start(nightmare, Mode::prewarm_cold, 26.3);
  prewarmed.warm_s = 4.4;
  bench.starts.push_back(prewarmed);
  bench.starts.push_back(invalid_start("=cmd|' /C calc'!A0", nightmare));
  bench.starts.back().exit = nightmare;
  bench.starts.back().last_lines = {nightmare, "~~~~", "`````"};
  return bench;
}

}  // namespace stoker::record::benches
