// Stands in for libnvidia-ml. What it answers comes from the environment:
//   FAKE_NVML_INIT       return code of init
//   FAKE_NVML_DEVICES    number of GPUs
//   FAKE_NVML_LOST       index of a GPU whose handle is refused
//   FAKE_NVML_USED       bytes in use on every GPU; "error" makes the query fail
//   FAKE_NVML_COMPUTE    number of compute processes on GPU 0: pids 1000, 1001, …, of 1 MiB each
//   FAKE_NVML_GRAPHICS   the same for graphics: pids 5000, …, their memory not available
//   FAKE_NVML_LOG        a file to which init and shutdown append a line
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

struct Memory {
  unsigned long long total, free, used;
};
struct MemoryV2 {
  unsigned version;
  unsigned long long total, reserved, free, used;
};
struct Process {
  unsigned pid;
  unsigned long long memory;
  unsigned gpu_instance, compute_instance;
};
struct Gpu {
  unsigned index;
};
Gpu gpus[16];

unsigned number(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

void note(const char* what) {
  const char* path = std::getenv("FAKE_NVML_LOG");
  if (path == nullptr) return;
  if (std::FILE* log = std::fopen(path, "a"); log != nullptr) {
    std::fprintf(log, "%s\n", what);
    std::fclose(log);
  }
}

int text(const std::string& value, char* out, unsigned room) {
  if (value.size() + 1 > room) return 7;
  std::memcpy(out, value.c_str(), value.size() + 1);
  return 0;
}

int list(unsigned present, unsigned first_pid, unsigned long long memory, unsigned* n, Process* out) {
  const unsigned room = *n;
  *n = present;
  if (present > room) return 7;
  for (unsigned i = 0; i < present; ++i) out[i] = {first_pid + i, memory, ~0U, ~0U};
  return 0;
}

}  // namespace

extern "C" {

int nvmlInit_v2();
int nvmlShutdown();
const char* nvmlErrorString(int code);
int nvmlSystemGetDriverVersion(char* out, unsigned room);
int nvmlDeviceGetCount_v2(unsigned* n);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Gpu** gpu);
int nvmlDeviceGetName(Gpu* gpu, char* out, unsigned room);
int nvmlDeviceGetUUID(Gpu* gpu, char* out, unsigned room);
int nvmlDeviceGetMemoryInfo(Gpu* gpu, Memory* memory);
int nvmlDeviceGetMemoryInfo_v2(Gpu* gpu, MemoryV2* memory);
int nvmlDeviceGetComputeRunningProcesses_v3(Gpu* gpu, unsigned* n, Process* out);
int nvmlDeviceGetGraphicsRunningProcesses_v2(Gpu* gpu, unsigned* n, Process* out);

int nvmlInit_v2() {
  note("init");
  return static_cast<int>(number("FAKE_NVML_INIT", 0));
}
int nvmlShutdown() {
  note("shutdown");
  return 0;
}
const char* nvmlErrorString(int code) { return code == 9 ? "Driver Not Loaded" : "Some Error"; }
int nvmlSystemGetDriverVersion(char* out, unsigned room) { return text("570.1.2", out, room); }
int nvmlDeviceGetCount_v2(unsigned* n) {
  *n = number("FAKE_NVML_DEVICES", 1);
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, Gpu** gpu) {
  if (index >= 16 || index == number("FAKE_NVML_LOST", 99)) return 15;
  gpus[index].index = index;
  *gpu = &gpus[index];
  return 0;
}
int nvmlDeviceGetName(Gpu* gpu, char* out, unsigned room) { return text("Fake H" + std::to_string(100 + gpu->index), out, room); }
int nvmlDeviceGetUUID(Gpu* gpu, char* out, unsigned room) { return text("GPU-0000-" + std::to_string(gpu->index), out, room); }
int nvmlDeviceGetMemoryInfo(Gpu* gpu, Memory* memory) {
  const char* used = std::getenv("FAKE_NVML_USED");
  if (used != nullptr && std::strcmp(used, "error") == 0) return 999;
  memory->total = 80ULL << 30;
  memory->used = (used != nullptr ? std::strtoull(used, nullptr, 10) : 0) + gpu->index;
  memory->free = memory->total - memory->used;
  return 0;
}
// Only where a test asks for it: a driver before 510 answers with an error.
int nvmlDeviceGetMemoryInfo_v2(Gpu* gpu, MemoryV2* memory) {
  const char* reserved = std::getenv("FAKE_NVML_RESERVED");
  if (reserved == nullptr || memory->version != (sizeof(MemoryV2) | (2U << 24U))) return 3;
  Memory first{};
  if (const int code = nvmlDeviceGetMemoryInfo(gpu, &first); code != 0) return code;
  memory->total = first.total;
  memory->reserved = std::strtoull(reserved, nullptr, 10);
  memory->used = first.used - memory->reserved;
  memory->free = first.free;
  return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(Gpu* gpu, unsigned* n, Process* out) {
  return list(gpu->index == 0 ? number("FAKE_NVML_COMPUTE", 0) : 0, 1000, 1 << 20, n, out);
}
int nvmlDeviceGetGraphicsRunningProcesses_v2(Gpu* gpu, unsigned* n, Process* out) {
  return list(gpu->index == 0 ? number("FAKE_NVML_GRAPHICS", 0) : 0, 5000, ~0ULL, n, out);
}

}  // extern "C"
