// What machine this is: the facts that a figure is worth nothing without.
#pragma once

#include <string>

#include "stoker/os/root.hpp"

namespace stoker::os {

struct Host {
  std::string kernel;        // release, as uname -r
  std::string distribution;  // PRETTY_NAME of os-release
  std::string cpu;           // model name
  unsigned cores = 0;        // that we may run on
  std::string virtualization;  // by the hypervisor flag, with the DMI names: "QEMU Standard PC guest"; "" on bare metal
};

Host host(const Root& root = {});

}  // namespace stoker::os
