// Records as JSON: schema "stoker.bench-start/1", described by docs/schemas/bench-start.json.
#pragma once

#include "stoker/base/json.hpp"
#include "stoker/record/start.hpp"

namespace stoker::record {

// {"schema", "starts":[…], "summary":{…}, "host":{…}, "model", "engine", …}; residency as a fraction of 1,
// sizes in bytes, times in seconds, what was not measured null; no key is ever left out. An invalid
// start has no load_s and no first_token_s. Pure, thread-safe.
Json to_json(const StartBench& bench);
Json to_json(const Start& start);

}  // namespace stoker::record
