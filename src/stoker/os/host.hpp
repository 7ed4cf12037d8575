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
  std::string virtualization;  // DMI product or hypervisor flag: "kvm guest"; "" on bare metal
};

Host host(const Root& root = {});

}  // namespace stoker::os
