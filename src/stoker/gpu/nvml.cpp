#include "stoker/gpu/nvml.hpp"

#include <dlfcn.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "stoker/base/log.hpp"
#include "stoker/base/text.hpp"

namespace stoker::gpu {
namespace {

// The part of NVML's C interface that we use, as its documentation has it. Linux ABI, stable since driver 470.
namespace abi {

using Return = int;
using Handle = void*;
constexpr Return k_success = 0;
constexpr Return k_insufficient_size = 7;
constexpr unsigned long long k_not_available = std::numeric_limits<unsigned long long>::max();

struct Memory {
  unsigned long long total, free, used;
};

// Since driver 510. The first version counts what the driver keeps for itself as used: 615 MiB on an idle H200,
// where nvidia-smi shows 0.
struct MemoryV2 {
  unsigned int version;
  unsigned long long total, reserved, free, used;
};
constexpr unsigned int k_memory_v2 = sizeof(MemoryV2) | (2U << 24U);

struct Process {
  unsigned int pid;
  unsigned long long memory;
  unsigned int gpu_instance, compute_instance;
};

using Init = Return (*)();
using GetText = Return (*)(char*, unsigned int);
using GetCount = Return (*)(unsigned int*);
using GetHandle = Return (*)(unsigned int, Handle*);
using GetDeviceText = Return (*)(Handle, char*, unsigned int);
using GetMemory = Return (*)(Handle, Memory*);
using GetMemoryV2 = Return (*)(Handle, MemoryV2*);
using GetProcesses = Return (*)(Handle, unsigned int*, Process*);
using ErrorText = const char* (*)(Return);

}  // namespace abi

constexpr unsigned k_max_devices = 256;       // a host has 16 at most today; a larger count is nonsense
constexpr unsigned k_max_processes = 65536;   // per device; bounds a library that never is content
constexpr unsigned k_text = 256;              // NVML's longest texts are 96 bytes

// Where containers and distributions put it when the loader's cache does not know it.
constexpr std::array<const char*, 5> k_folders{"/usr/local/nvidia/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu",
                                               "/usr/lib64", "/usr/lib/wsl/lib"};

struct CloseLibrary {
  void operator()(void* handle) const { ::dlclose(handle); }
};
using LibraryHandle = std::unique_ptr<void, CloseLibrary>;

Result<LibraryHandle> load(const std::string& library) {
  std::vector<std::string> candidates{library};
  if (library.find('/') == std::string::npos)
    for (const char* folder : k_folders) candidates.push_back(fmt::format("{}/{}", folder, library));
  std::string why;
  for (const auto& candidate : candidates) {
    if (void* handle = ::dlopen(candidate.c_str(), RTLD_NOW | RTLD_LOCAL); handle != nullptr) return LibraryHandle(handle);
    if (const char* said = ::dlerror(); why.empty() && said != nullptr) why = said;
  }
  return fail(ErrorKind::unsupported, fmt::format("no NVML: {}", why));
}

template <class Function>
Function symbol(void* handle, const char* name) {
  return reinterpret_cast<Function>(::dlsym(handle, name));
}

}  // namespace

struct Nvml::Library {
  LibraryHandle handle;  // first: closed after shutdown was called
  abi::Init init = nullptr, shutdown = nullptr;
  abi::GetText driver_version = nullptr;
  abi::GetCount count = nullptr;
  abi::GetHandle device = nullptr;
  abi::GetDeviceText name = nullptr, uuid = nullptr;
  abi::GetMemory memory = nullptr;
  abi::GetMemoryV2 memory_v2 = nullptr;
  abi::GetProcesses compute = nullptr, graphics = nullptr;
  abi::ErrorText error_text = nullptr;

  bool initialised = false;
  std::string driver;
  std::vector<Device> devices;
  std::vector<abi::Handle> handles;  // of devices, in the same order

  Library() = default;
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (initialised) shutdown();
  }

  [[nodiscard]] bool resolve();
  [[nodiscard]] std::string words(abi::Return code) const;
  abi::Return look_at_memory(abi::Handle gpu, abi::Memory& space) const;
  void look_at_devices(unsigned n);
  [[nodiscard]] Status add_processes(abi::GetProcesses ask, std::size_t at, std::vector<ProcessOnGpu>& found) const;
};

bool Nvml::Library::resolve() {
  void* from = handle.get();
  init = symbol<abi::Init>(from, "nvmlInit_v2");
  shutdown = symbol<abi::Init>(from, "nvmlShutdown");
  driver_version = symbol<abi::GetText>(from, "nvmlSystemGetDriverVersion");
  count = symbol<abi::GetCount>(from, "nvmlDeviceGetCount_v2");
  device = symbol<abi::GetHandle>(from, "nvmlDeviceGetHandleByIndex_v2");
  name = symbol<abi::GetDeviceText>(from, "nvmlDeviceGetName");
  uuid = symbol<abi::GetDeviceText>(from, "nvmlDeviceGetUUID");
  memory = symbol<abi::GetMemory>(from, "nvmlDeviceGetMemoryInfo");
  memory_v2 = symbol<abi::GetMemoryV2>(from, "nvmlDeviceGetMemoryInfo_v2");
  error_text = symbol<abi::ErrorText>(from, "nvmlErrorString");
  // Both versions fill the same structure; drivers before 510 have only the second.
  compute = symbol<abi::GetProcesses>(from, "nvmlDeviceGetComputeRunningProcesses_v3");
  if (compute == nullptr) compute = symbol<abi::GetProcesses>(from, "nvmlDeviceGetComputeRunningProcesses_v2");
  graphics = symbol<abi::GetProcesses>(from, "nvmlDeviceGetGraphicsRunningProcesses_v3");
  if (graphics == nullptr) graphics = symbol<abi::GetProcesses>(from, "nvmlDeviceGetGraphicsRunningProcesses_v2");
  return init != nullptr && shutdown != nullptr && driver_version != nullptr && count != nullptr && device != nullptr && name != nullptr &&
         uuid != nullptr && memory != nullptr;
}

std::string Nvml::Library::words(abi::Return code) const {
  const char* said = error_text != nullptr ? error_text(code) : nullptr;
  return said != nullptr ? printable(said) : fmt::format("NVML error {}", code);
}

abi::Return Nvml::Library::look_at_memory(abi::Handle gpu, abi::Memory& space) const {
  abi::MemoryV2 newer{};
  newer.version = abi::k_memory_v2;
  if (memory_v2 == nullptr || memory_v2(gpu, &newer) != abi::k_success) return memory(gpu, &space);
  space = {newer.total, newer.free, newer.used};
  return abi::k_success;
}

void Nvml::Library::look_at_devices(unsigned n) {
  for (unsigned index = 0; index < n; ++index) {
    abi::Handle gpu = nullptr;
    if (const auto code = device(index, &gpu); code != abi::k_success) {
      log::debug("GPU {} does not answer: {}", index, words(code));  // one fallen off the bus must not hide the others
      continue;
    }
    std::array<char, k_text> name_text{}, uuid_text{};
    abi::Memory space{};
    // What a device cannot tell stays empty: a shared-memory GPU has no memory of its own.
    if (name(gpu, name_text.data(), k_text - 1) != abi::k_success) name_text[0] = '\0';
    if (uuid(gpu, uuid_text.data(), k_text - 1) != abi::k_success) uuid_text[0] = '\0';
    if (look_at_memory(gpu, space) != abi::k_success) space = {};
    devices.push_back({index, printable(name_text.data()), printable(uuid_text.data()), space.total});
    handles.push_back(gpu);
  }
}

Status Nvml::Library::add_processes(abi::GetProcesses ask, std::size_t at, std::vector<ProcessOnGpu>& found) const {
  if (ask == nullptr) return {};
  std::vector<abi::Process> listed(64);
  while (true) {
    // One early driver branch (535.43 to 535.86) writes 32 bytes a process instead of 24: told half the room, it stays inside.
    auto n = static_cast<unsigned>(listed.size() / 2);
    const auto code = ask(handles[at], &n, listed.data());
    if (code == abi::k_insufficient_size && listed.size() < k_max_processes) {
      listed.resize(listed.size() * 2);
      continue;
    }
    if (code != abi::k_success) return fail(ErrorKind::unsupported, fmt::format("processes on GPU {}: {}", devices[at].index, words(code)));
    listed.resize(std::min<std::size_t>(n, listed.size() / 2));
    break;
  }
  for (const auto& process : listed)
    found.push_back({devices[at].index, static_cast<pid_t>(process.pid), process.memory == abi::k_not_available ? 0 : process.memory});
  return {};
}

Nvml::Nvml(std::unique_ptr<Library> library) : m_library(std::move(library)) {}
Nvml::Nvml(Nvml&&) noexcept = default;
Nvml& Nvml::operator=(Nvml&&) noexcept = default;
Nvml::~Nvml() = default;

Result<Nvml> Nvml::open(const std::string& library) {
  auto nvml = std::make_unique<Library>();
  TRY_ASSIGN(nvml->handle, load(library));
  if (!nvml->resolve()) return fail(ErrorKind::unsupported, fmt::format("{} lacks functions of NVML", library));
  if (const auto code = nvml->init(); code != abi::k_success) return fail(ErrorKind::unsupported, fmt::format("NVML: {}", nvml->words(code)));
  nvml->initialised = true;
  std::array<char, k_text> version{};
  if (nvml->driver_version(version.data(), k_text - 1) == abi::k_success) nvml->driver = printable(version.data());
  unsigned n = 0;
  if (const auto code = nvml->count(&n); code != abi::k_success) return fail(ErrorKind::unsupported, fmt::format("NVML: {}", nvml->words(code)));
  nvml->look_at_devices(std::min(n, k_max_devices));
  return Nvml(std::move(nvml));
}

const std::vector<Device>& Nvml::devices() const { return m_library->devices; }
const std::string& Nvml::driver() const { return m_library->driver; }

Result<std::vector<Bytes>> Nvml::memory_used() const {
  std::vector<Bytes> used;
  for (std::size_t at = 0; at < m_library->handles.size(); ++at) {
    abi::Memory space{};
    if (const auto code = m_library->look_at_memory(m_library->handles[at], space); code != abi::k_success)
      return fail(ErrorKind::unsupported, fmt::format("memory of GPU {}: {}", m_library->devices[at].index, m_library->words(code)));
    used.push_back(space.used);
  }
  return used;
}

Result<std::vector<ProcessOnGpu>> Nvml::processes() const {
  std::vector<ProcessOnGpu> found;
  for (std::size_t at = 0; at < m_library->handles.size(); ++at) {
    TRY(m_library->add_processes(m_library->compute, at, found));
    TRY(m_library->add_processes(m_library->graphics, at, found));
  }
  return found;
}

}  // namespace stoker::gpu
