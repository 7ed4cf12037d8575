// Benches as a test wants them: whole, plausible, and the same every time.
#pragma once

#include <vector>

#include "stoker/record/start.hpp"

namespace stoker::record::benches {

// vLLM on one GPU, 15.2 GB of weights on a disk of 3.5 GB/s, no starts yet.
StartBench vllm();
// One valid start of it; phases sum to load_s, a cold one has its extra seconds in "weights".
Start vllm_start(const std::string& run_id, Mode mode, double load_s);
// Starts interleaved: cold, warm, cold, warm, …
StartBench vllm_with(const std::vector<double>& cold, const std::vector<double>& warm);

StartBench distinct();     // 5 cold, 5 warm, 7.5 s apart
StartBench noisy();        // 5 cold, 5 warm, ±10 s on each
StartBench all_invalid();  // pages held by another process, then an engine that dies
StartBench one_each();     // one cold, one warm, with the lab engine
StartBench hostile();      // two GPUs, every field filled, names out of a bad dream

}  // namespace stoker::record::benches
