#include "stoker/os/host.hpp"

#include <bit>

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"

namespace stoker::os {
namespace {

constexpr Bytes k_cpuinfo_limit = 16 * k_mib;  // some KB a core, and nodes have hundreds

std::string fact(const Root& root, std::string_view path) { return printable(read_fact(root.path(path)).value_or("")); }

// The value of the first line "key<blanks>:<blanks>value".
std::string value_of(std::string_view text, std::string_view key) {
  for (std::string_view line : split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && trim(line.substr(0, colon)) == key) return printable(trim(line.substr(colon + 1)), 20000);
  }
  return {};
}

std::string distribution(const Root& root) {
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"}) {
    const std::string text = read_fact(root.path(path)).value_or("");
    for (std::string_view line : split(text, '\n')) {
      if (!line.starts_with("PRETTY_NAME=")) continue;
      std::string_view name = trim(line.substr(12));
      if (name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front()) name = name.substr(1, name.size() - 2);
      return printable(name, 100);
    }
  }
  return {};
}

// Bits of "Cpus_allowed: ff,ffffffff": what we may run on, which nproc says too.
unsigned allowed_cores(const Root& root) {
  const std::string mask = value_of(read_fact(root.path("/proc/self/status")).value_or(""), "Cpus_allowed");
  unsigned cores = 0;
  for (char c : mask) {
    const unsigned digit = c >= '0' && c <= '9' ? static_cast<unsigned>(c - '0') : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10) : 0U;
    cores += static_cast<unsigned>(std::popcount(digit));
  }
  return cores;
}

// x86 tells guests by a CPU flag, Arm by the device tree; who the host is stands in the DMI tables, if anywhere.
std::string virtualization(const Root& root, const std::string& flags) {
  bool guest = read_fact(root.path("/proc/device-tree/hypervisor/compatible")).has_value();
  for (std::string_view flag : split_blank(flags)) guest = guest || flag == "hypervisor";
  if (!guest) return {};
  const std::string vendor = fact(root, "/sys/class/dmi/id/sys_vendor"), product = fact(root, "/sys/class/dmi/id/product_name");
  const std::string maker = vendor.empty() || product.starts_with(vendor) ? product : product.empty() ? vendor : vendor + " " + product;
  return maker.empty() ? "guest" : maker + " guest";
}

}  // namespace

Host host(const Root& root) {
  Host seen;
  seen.kernel = fact(root, "/proc/sys/kernel/osrelease");
  seen.distribution = distribution(root);
  const std::string cpuinfo = read_text(root.path("/proc/cpuinfo"), k_cpuinfo_limit).value_or("");
  seen.cpu = value_of(cpuinfo, "model name");
  seen.cores = allowed_cores(root);
  seen.virtualization = virtualization(root, value_of(cpuinfo, "flags"));
  return seen;
}

}  // namespace stoker::os
