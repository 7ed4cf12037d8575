// What one start of an engine measured, and the circumstances without which the figure means nothing.
// Plain values: safe to share between threads while nobody writes. docs/start-report.md says how each is measured.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stoker/base/units.hpp"

namespace stoker::record {

enum class Mode { cold, warm, prewarm_cold, prewarm_warm };
std::string_view to_string(Mode mode);
std::optional<Mode> mode_named(std::string_view name);

enum class ColdScope { weights, all, fresh };
std::string_view to_string(ColdScope scope);
std::optional<ColdScope> cold_scope_named(std::string_view name);

struct Phase {
  std::string name;  // "spawn", "import+config", "weights", …; what no marker explains is "unattributed"
  double seconds = 0;
};

// A fact beside the weights that decides how long a start takes, as it was at exec.
struct FileState {
  std::string what;    // "bytecode", "vllm compile cache", "triton cache", "engine files", …
  std::string state;   // "complete", "partial", "none", "empty", "filled", "cold", "as found", "unknown"
  std::string reason;  // why, or how much: "PYTHONDONTWRITEBYTECODE is set", "121 MiB in 1320 files"
  std::string path;
  std::optional<Bytes> bytes;
};

struct GpuMemory {
  std::vector<Bytes> before, ready, peak;  // one figure a device
};

struct Start {
  std::string run_id;
  Mode mode = Mode::cold;
  bool valid = false;
  std::string invalid_reason;
  std::vector<std::string> notes;
  std::string began;  // UTC

  std::optional<double> load_s;         // exec → ready
  std::optional<double> first_token_s;  // exec → answer of a one-token completion; nothing where none is served
  std::vector<Phase> phases;            // sum to load_s
  std::map<std::string, double> engine_said;  // numbers out of the engine's own log: a cross-check
  std::optional<double> warm_s;         // the pre-warm's own seconds, for the modes that have one

  std::optional<double> residency_before, residency_after;  // of the weight files, as a fraction of 1
  Bytes weight_bytes = 0;
  std::optional<Bytes> device_read_bytes;         // from the device (or the network) during the start, by anyone
  std::optional<Bytes> device_weight_bytes;       // of them weights
  std::optional<Bytes> device_other_bytes;        // and the rest: libraries, bytecode, other processes
  std::string device_read_source;                 // where the figure is from: "block device vda1", "process tree", "cgroup"
  std::optional<Bytes> tree_read_bytes;           // caused by the engine's processes (/proc/PID/io)
  std::uint64_t major_faults = 0;
  std::optional<double> io_pressure_some_s, io_pressure_full_s;
  std::optional<GpuMemory> gpu;
  std::vector<FileState> states;
  std::vector<std::string> last_lines;  // of the engine's output, when it failed
  std::optional<std::string> exit;      // how it ended, when that was before ready

  // Whether statistics may use it: its state was proved and the engine got ready.
  [[nodiscard]] bool counts() const { return valid && load_s.has_value(); }
  // Why it does not count, in words; "" when it does. Never "" otherwise.
  [[nodiscard]] std::string why_invalid() const;
  // In use on all GPUs together at ready, in MB of 10^6: the CSV's gpu_mem_used_mb.
  [[nodiscard]] std::optional<std::uint64_t> gpu_mem_used_mb() const;
};

// Facts of the machine and of the path that the weights lie on, once per invocation.
struct HostFacts {
  std::string kernel, distribution, cpu, virtualization;
  unsigned cores = 0;
  Bytes memory_total = 0, memory_available = 0;
  std::optional<Bytes> cgroup_memory_limit;
  std::string mount_point, filesystem, filesystem_kind, mount_source, mount_options;
  std::string device, device_model, scheduler;
  std::optional<std::uint64_t> read_ahead_kib;
  std::optional<bool> rotational;
  std::optional<double> device_ceiling_bytes_per_s;  // direct sequential reads of the weight files, measured now
  std::string device_ceiling_method;
  std::vector<std::string> gpus;  // "NVIDIA H200, 141 GiB"
  std::string gpu_driver;
};

// One invocation of `bench start`.
struct StartBench {
  std::string began, ended;  // UTC
  std::string stoker_version;
  std::string model, model_path, model_from;
  Bytes weight_bytes = 0;
  std::size_t weight_files = 0;
  std::string weight_format;
  std::optional<std::uint64_t> max_model_len;
  std::string engine;                 // "vllm", "lab", …
  std::string engine_version;         // "" when unknown
  std::vector<std::string> command;   // as executed
  std::uint16_t port = 0;
  ColdScope cold_scope = ColdScope::weights;
  std::vector<Mode> modes;
  int runs = 0;                       // asked for, a mode
  double cooldown_s = 0;
  std::string interrupted;            // why it ended before its time
  std::vector<std::string> warnings;  // loaders that bypass the page cache, memory too small, …
  HostFacts host;
  std::vector<Start> starts;
};

}  // namespace stoker::record
