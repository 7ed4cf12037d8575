// The engine's own files: which they are is learned from one start, then they can be evicted like weights.
//
// Two thirds of the bytes of a truly cold vLLM start are its Python packages and libraries (2.55 GB read for
// 0.82 GB of weights). Nobody can list them in advance: so evict the candidates, start once, and what became
// resident, or is mapped when the engine is ready, is the footprint. Files that other processes map (libc, our
// own libraries) cannot be evicted and do not belong to this engine alone: they are counted and left.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "stoker/base/result.hpp"
#include "stoker/base/units.hpp"
#include "stoker/engine/python.hpp"
#include "stoker/os/process.hpp"
#include "stoker/pagecache/residency.hpp"
#include "stoker/record/start.hpp"

namespace stoker::bench {

struct FootprintFile {
  std::string path;
  std::vector<pagecache::Range> ranges;  // the pages that a start was seen to use
};

struct Footprint {
  std::vector<FootprintFile> files;
  Bytes used = 0;              // sum of the ranges
  std::size_t shared_files = 0;  // left alone: mapped by others too
  Bytes shared_bytes = 0;
  std::size_t unknown_files = 0;  // candidates whose residency this user may not know
};

// Files that may belong to the engine: its program, and all of its Python's folders.
std::vector<std::string> footprint_candidates(const std::vector<std::string>& argv, const std::optional<engine::Python>& python);

// Called when an engine that began with evicted candidates is ready. `except` are weight files, which count apart.
Footprint observe_footprint(const std::vector<std::string>& candidates, const std::vector<os::Process>& processes,
                            const std::vector<std::string>& except);
// Called when that engine has ended: takes out what others map.
void leave_shared_files(Footprint& footprint);

// Evicts the footprint and proves it: state "cold"; "partial" when a good part is shared with others and stays;
// "unknown" when nothing is known of it, or a page stayed, with the reason.
Result<record::FileState> evict_footprint(const Footprint& footprint);

}  // namespace stoker::bench
