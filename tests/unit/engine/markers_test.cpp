#include "stoker/engine/markers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

namespace stoker::engine {
namespace {

using testing::IsEmpty;

struct Line {
  Kind kind;
  const char* text;
  Event event;
  std::map<std::string, double> numbers = {};
  std::map<std::string, std::string> texts = {};
};

void expect(const Line& line, const std::string& text) {
  const auto marker = parse_marker(line.kind, text);
  ASSERT_TRUE(marker) << text;
  EXPECT_EQ(to_string(marker->event), to_string(line.event)) << text;
  for (const auto& [key, value] : line.numbers) {
    ASSERT_TRUE(marker->numbers.contains(key)) << key << " in " << text;
    EXPECT_DOUBLE_EQ(marker->numbers.at(key), value) << key << " in " << text;
  }
  for (const auto& [key, value] : line.texts) {
    ASSERT_TRUE(marker->texts.contains(key)) << key << " in " << text;
    EXPECT_EQ(marker->texts.at(key), value) << text;
  }
}

// Each row of the table, as it stands in logs of 0.6.6 to 0.32.
const Line k_vllm[] = {
    {Kind::vllm, "vLLM API server version 0.13.0", Event::server_version, {}, {{"version", "0.13.0"}}},
    {Kind::vllm, "Initializing a V1 LLM engine (v0.25.1) with config: model='/m', dtype=x", Event::engine_start, {}, {{"version", "0.25.1"}, {"model", "/m"}}},
    {Kind::vllm, "Initializing a V1 LLM engine with config: model='/m'", Event::engine_start, {}, {{"model", "/m"}}},
    {Kind::vllm, "world_size=2 rank=1 local_rank=1 distributed_init_method=tcp://10.0.0.5:51913 backend=nccl", Event::dist_init, {{"world_size", 2}, {"rank", 1}}, {{"backend", "nccl"}}},
    {Kind::vllm, "Starting to load model /models/qwen...", Event::load_start, {}, {{"model", "/models/qwen"}}},
    {Kind::vllm, "Starting to load model org/v1.5...", Event::load_start, {}, {{"model", "org/v1.5"}}},
    {Kind::vllm, "Loading model from scratch...", Event::load_start},
    {Kind::vllm, "Initializing model took 0.381871 seconds", Event::model_init, {{"seconds", 0.381871}}},
    {Kind::vllm, "Time spent downloading weights for Qwen/Qwen2.5-7B: 12.345678 seconds", Event::download, {{"seconds", 12.345678}}, {{"model", "Qwen/Qwen2.5-7B"}}},
    {Kind::vllm, "No model.safetensors.index.json found in remote.", Event::index_missing},
    {Kind::vllm, "No model.safetensors.index.json found in local cache.", Event::index_missing},
    {Kind::vllm, "Filesystem type for checkpoints: EXT4. Checkpoint size: 14.19 GiB. Available RAM: 123.01 GiB.", Event::filesystem, {{"checkpoint_gib", 14.19}, {"ram_gib", 123.01}}, {{"filesystem", "EXT4"}}},
    {Kind::vllm, "Auto-prefetch is disabled because the filesystem (OVERLAY) is not a recognized network FS (NFS/Lustre). If you want to force prefetching, start vLLM with --safetensors-load-strategy=prefetch.", Event::prefetch_off, {}, {{"filesystem", "OVERLAY"}}},
    {Kind::vllm, "Prefetching checkpoint files into page cache started (in background)", Event::prefetch_start},
    {Kind::vllm, "Prefetching checkpoint files into page cache started (in background, num_threads=8, block_size=16777216 bytes)", Event::prefetch_start},
    {Kind::vllm, "Prefetching checkpoint files: 10% (1/3)", Event::prefetch, {{"percent", 10}, {"done", 1}, {"of", 3}}},
    {Kind::vllm, "Prefetching checkpoint files into page cache finished in 4.20s", Event::prefetch_done, {{"seconds", 4.2}}},
    {Kind::vllm, "Loading safetensors checkpoint shards:  25% Completed | 1/4 [00:02<00:06,  2.21s/it]", Event::shards, {{"percent", 25}, {"done", 1}, {"of", 4}}},
    {Kind::vllm, "Loading safetensors checkpoint shards (eager):  50% Completed | 2/4 [00:02<00:06,  2.21s/it]", Event::shards, {{"done", 2}, {"of", 4}}},
    {Kind::vllm, "Loading fastsafetensors checkpoint shards: 100% Completed | 4/4 [00:03<00:00,  1.11it/s]", Event::shards, {{"done", 4}, {"of", 4}}, {{"loader", "fastsafetensors"}}},
    {Kind::vllm, "Loading pt checkpoint shards:   0% Completed | 0/2 [00:00<?, ?it/s]", Event::shards, {{"done", 0}, {"of", 2}}},
    {Kind::vllm, "Multi-thread loading shards:  50% Completed | 1/2 [00:00<?, ?it/s]", Event::shards, {{"done", 1}, {"of", 2}}},
    {Kind::vllm, "Loading safetensors using Runai Model Streamer:  32% Completed | 108/339 [00:02<00:04, 51.93it/s]", Event::shards, {{"percent", 32}, {"done", 108}, {"of", 339}}, {{"loader", "Runai Model Streamer"}}},
    {Kind::vllm, "Loading safetensors using Fastsafetensor loader:  50% Completed | 1/2 [00:02<00:04]", Event::shards, {{"done", 1}, {"of", 2}}, {{"loader", "Fastsafetensor loader"}}},
    {Kind::vllm, "Loading safetensors using InstantTensor loader:   9% 13.3G/155G [00:01<00:10, 13GB/s]", Event::shards, {{"percent", 9}, {"done", 13.3e9}, {"of", 155e9}}, {{"loader", "InstantTensor loader"}}},
    {Kind::vllm, "Loading weights took 8.37 seconds", Event::weights, {{"seconds", 8.37}}},
    {Kind::vllm, "Model loading took 14.29 GiB and 10.078310 seconds", Event::model_load, {{"gib", 14.29}, {"seconds", 10.07831}}},
    {Kind::vllm, "Model loading took 14.2488 GiB memory and 3.061916 seconds", Event::model_load, {{"gib", 14.2488}, {"seconds", 3.061916}}},
    {Kind::vllm, "Using cache directory: /c/torch_compile_cache/bc5a89670a/rank_0_0/backbone for vLLM's torch.compile", Event::compile_cache, {}, {{"path", "/c/torch_compile_cache/bc5a89670a/rank_0_0/backbone"}}},
    {Kind::vllm, "Dynamo bytecode transform time: 1.94 s", Event::dynamo, {{"seconds", 1.94}}},
    {Kind::vllm, "Cache the graph of compile range (1, 8192) for later use", Event::graph_stored},
    {Kind::vllm, "Compiling a graph for compile range (1, 8192) takes 7.39 s", Event::compile_range, {{"seconds", 7.39}, {"from", 1}, {"to", 8192}}},
    {Kind::vllm, "Compiling a graph for dynamic shape takes 25.04 s", Event::compile_range, {{"seconds", 25.04}}},
    {Kind::vllm, "Compiling a graph for shape 8 takes 3.1 s", Event::compile_range, {{"seconds", 3.1}}},
    {Kind::vllm, "Directly load the compiled graph(s) for shape None from the cache, took 5.301 s", Event::cached_graph, {{"seconds", 5.301}}},
    {Kind::vllm, "Directly load the compiled graph(s) for compile range (1, 8192) from the cache, took 1.016 s", Event::cached_graph, {{"seconds", 1.016}}},
    {Kind::vllm, "Directly load AOT compilation from path /c/torch_aot_compile/653c/rank_0_0/model", Event::compile_loaded, {}, {{"path", "/c/torch_aot_compile/653c/rank_0_0/model"}}},
    {Kind::vllm, "saved AOT compiled function to /c/torch_aot_compile/653c/rank_0_0/model", Event::compile_saved, {}, {{"path", "/c/torch_aot_compile/653c/rank_0_0/model"}}},
    {Kind::vllm, "torch.compile takes 15.84 s in total", Event::compile_total, {{"seconds", 15.84}}},
    {Kind::vllm, "torch.compile took 3.19 s in total", Event::compile_total, {{"seconds", 3.19}}},
    {Kind::vllm, "[backbone] torch.compile took 3.19 s in total", Event::compile_total, {{"seconds", 3.19}}},
    {Kind::vllm, "Initial profiling/warmup run took 0.09 s", Event::profile_run, {{"seconds", 0.09}}},
    {Kind::vllm, "Available KV cache memory: 113.04 GiB", Event::kv_memory, {{"gib", 113.04}}},
    {Kind::vllm, "Explicitly set (1.0/14.96) GiB for KV cache on node 0.", Event::kv_memory, {{"gib", 1}}},
    {Kind::vllm, "GPU KV cache size: 2,116,592 tokens", Event::kv_size, {{"tokens", 2116592}}},
    {Kind::vllm, "CPU KV cache size: 87,296 tokens, Maximum concurrency for 512 tokens per request: 170.50x", Event::kv_size, {{"tokens", 87296}, {"times", 170.5}}},
    {Kind::vllm, "Maximum concurrency for 4,096 tokens per request: 516.75x", Event::concurrency, {{"tokens", 4096}, {"times", 516.75}}},
    {Kind::vllm, "Profiling CUDA graph memory (PIECEWISE):  50%|#####     | 1/2 [00:30<00:30]", Event::graph_memory, {{"done", 1}, {"of", 2}}},
    {Kind::vllm, "Capturing CUDA graphs (mixed prefill-decode, PIECEWISE):   6%|▌         | 3/51 [00:00<00:02, 23.89it/s]", Event::graph_bar, {{"percent", 6}, {"done", 3}, {"of", 51}}},
    {Kind::vllm, "Capturing CUDA graphs (decode, FULL): 100%|##########| 51/51 [00:01<00:00]", Event::graph_bar, {{"done", 51}, {"of", 51}}},
    {Kind::vllm, "Capturing CUDA graph shapes:   0%|          | 0/67 [00:00<?, ?it/s]", Event::graph_bar, {{"done", 0}, {"of", 67}}},
    {Kind::vllm, "Graph capturing finished in 3 secs, took 0.89 GiB", Event::graphs, {{"seconds", 3}, {"gib", 0.89}}},
    {Kind::vllm, "Graph capturing finished in 12 secs, took -0.12 GiB", Event::graphs, {{"seconds", 12}, {"gib", -0.12}}},
    {Kind::vllm, "init engine (profile, create kv cache, warmup model) took 35.12 seconds", Event::engine_ready, {{"seconds", 35.12}}},
    {Kind::vllm, "init engine (profile, create kv cache, warmup model) took 94.29 s", Event::engine_ready, {{"seconds", 94.29}}},
    {Kind::vllm, "init engine (profile, create kv cache, warmup model) took 8.99 s (compilation: 3.19 s)", Event::engine_ready, {{"seconds", 8.99}, {"compile_seconds", 3.19}}},
    {Kind::vllm, "Starting vLLM API server on http://0.0.0.0:8000", Event::listen, {}, {{"url", "http://0.0.0.0:8000"}}},
    {Kind::vllm, "Starting vLLM API server 0 on http://0.0.0.0:8000", Event::listen, {}, {{"url", "http://0.0.0.0:8000"}}},
    {Kind::vllm, "Starting vLLM server on http://0.0.0.0:8811", Event::listen, {}, {{"url", "http://0.0.0.0:8811"}}},
    {Kind::vllm, "Available routes are:", Event::routes},
    {Kind::vllm, "Route: /health, Methods: GET", Event::routes, {}, {{"path", "/health"}}},
    {Kind::vllm, "Warming up model for the compilation...", Event::warmup},
    {Kind::vllm, "Warming up done.", Event::warmup_done},
    {Kind::vllm, "EngineCore failed to start.", Event::failed},
    {Kind::vllm, "Failed to load model - not enough GPU memory. Try lowering --gpu-memory-utilization", Event::failed},
    {Kind::vllm, "No available shared memory broadcast block found in 60 seconds. This typically happens when", Event::waiting, {{"seconds", 60}}},
    {Kind::vllm, " ▄▄ ▄█ █     █     █ ▀▄▀ █  version 0.25.1", Event::server_version, {}, {{"version", "0.25.1"}}},
};

TEST(VllmMarkers, every_row_bare) {
  for (const auto& line : k_vllm) expect(line, line.text);
}

TEST(VllmMarkers, every_row_behind_each_prefix) {
  for (const auto& line : k_vllm) {
    const std::string stamped = std::string("INFO 12-25 04:52:15 [default_loader.py:308] ") + line.text;
    expect(line, stamped);
    expect(line, "(EngineCore_DP0 pid=79) " + stamped);
    expect(line, std::string("(EngineCore pid=7779) ") + line.text);
    expect(line, "2026-11-20T23:54:18.123456789Z stdout F (Worker_DP1_TP4_EP12 pid=42) " + stamped);
  }
}

TEST(VllmMarkers, process_names) {
  for (const char* name : {"APIServer", "EngineCore_DP0", "EngineCore", "EngineCore_DP1", "Worker", "Worker_TP0",
                           "Worker_DP1_TP4_EP12", "VllmWorker-0"}) {
    const auto marker = parse_marker(Kind::vllm, "(" + std::string(name) + " pid=42) INFO:     Application startup complete.");
    ASSERT_TRUE(marker) << name;
    EXPECT_EQ(marker->event, Event::http_up);
    EXPECT_EQ(marker->texts.at("process"), name);
    EXPECT_EQ(marker->numbers.at("pid"), 42);
  }
  const auto bare = parse_marker(Kind::vllm, "(APIServer) Available routes are:");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->texts.at("process"), "APIServer");
  EXPECT_FALSE(bare->numbers.contains("pid"));
}

TEST(VllmMarkers, uvicorn) {
  expect({Kind::vllm, "", Event::http_start}, "INFO:     Started server process [1]");
  expect({Kind::vllm, "", Event::http_start}, "INFO:     Waiting for application startup.");
  expect({Kind::vllm, "", Event::http_up}, "INFO:     Application startup complete.");
  expect({Kind::vllm, "", Event::listen, {}, {{"url", "http://0.0.0.0:8000"}}},
         "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)");
}

TEST(VllmMarkers, other_lines_mark_nothing) {
  for (const char* line : {"", "(", "()", "(APIServer pid=1) ", "INFO 11-20 23:52:41 [model.py:619] Resolved architecture: Qwen2ForCausalLM",
                           "INFO:     Application shutdown complete.", "Triton is installed, but doesn't include CPU backend.",
                           "(APIServer pid=1) INFO 11-20 23:52:41 [vllm.py:1322] Cudagraph is disabled under eager mode"})
    EXPECT_FALSE(parse_marker(Kind::vllm, line)) << line;
}

const Line k_others[] = {
    {Kind::sglang, "[2026-02-26 05:24:09] server_args=ServerArgs(model_path='/m', tokenizer_path='/m')", Event::server_version, {}, {{"model", "/m"}}},
    {Kind::sglang, "[2026-02-26 05:24:09 TP4] Init torch distributed ends. elapsed=1.23 s, mem usage=0.5 GB", Event::dist_init, {{"seconds", 1.23}}, {{"process", "TP4"}}},
    {Kind::sglang, "[2026-02-26 05:24:09 TP4] Load weight begin. avail mem=78.58 GB", Event::load_start, {{"available_gib", 78.58}}},
    {Kind::sglang, "[2026-02-26 05:24:09 DP1 TP4] Load weight end. elapsed=228.09 s, type=DeepseekV3ForCausalLM, dtype=torch.bfloat16", Event::weights, {{"seconds", 228.09}}, {{"type", "DeepseekV3ForCausalLM"}, {"process", "DP1 TP4"}}},
    {Kind::sglang, "[2025-02-26 05:24:09 TP0] Load weight end. type=LlamaForCausalLM, dtype=torch.float16, avail mem=60 GB", Event::weights, {}, {{"type", "LlamaForCausalLM"}}},
    {Kind::sglang, "[2026-02-26 05:24:09 TP0] KV Cache is allocated. #tokens: 422,147, K size: 10 GB", Event::kv_size, {{"tokens", 422147}}},
    {Kind::sglang, "[2026-02-26 05:24:09 TP0] Capture target decode CUDA graph begin. This can take up to several minutes.", Event::graph_bar},
    {Kind::sglang, "[2026-02-26 05:24:09 TP0] Capture target decode CUDA graph end. elapsed=12.26 s, mem usage=1.5 GB", Event::graphs, {{"seconds", 12.26}}},
    {Kind::sglang, "[2025-02-26 05:24:09 TP0] Capture cuda graph begin. This can take up to several minutes. avail mem=9 GB", Event::graph_bar},
    {Kind::sglang, "[2025-02-26 05:24:09 TP0] Capture cuda graph end. Time elapsed: 7.51 s. avail mem=8 GB", Event::graphs, {{"seconds", 7.51}}},
    {Kind::sglang, "[2026-02-26 05:24:09 TP0] max_total_num_tokens=422147, chunked_prefill_size=8192", Event::engine_ready, {{"tokens", 422147}}},
    {Kind::sglang, "[2026-02-26 05:24:09] The server is fired up and ready to roll!", Event::ready},
    {Kind::sglang, "[2026-02-26 05:24:09] INFO:     Uvicorn running on http://127.0.0.1:30000 (Press CTRL+C to quit)", Event::listen, {}, {{"url", "http://127.0.0.1:30000"}}},
    {Kind::sglang, "[2026-02-26 05:24:09] Engine startup timings (s): load_weight=12.02, kv_cache_allocation=0.02, scheduler_e2e=52.09, cuda_graph={prefill=22.96, decode=12.26}, tokenizer_e2e=65.82", Event::summary,
     {{"load_weight", 12.02}, {"kv_cache_allocation", 0.02}, {"scheduler_e2e", 52.09}, {"cuda_graph_prefill", 22.96}, {"cuda_graph_decode", 12.26}, {"tokenizer_e2e", 65.82}}},

    {Kind::llama_server, "0.00.001.023 I srv  llama_server: initializing ...", Event::server_version},
    {Kind::llama_server, "0.00.007.885 I cmn  common_param: common_params_print_info: build 11669 (Debian) with GNU 16.2.0 for Linux x86_64", Event::server_version, {}, {{"version", "b11669"}}},
    {Kind::llama_server, "build: 4589 (eb7cf15a) with cc (Debian 12.2.0-14) 12.2.0 for x86_64-linux-gnu", Event::server_version, {}, {{"version", "b4589"}}},
    {Kind::llama_server, "0.00.009.600 I srv    load_model: loading model 'm640.gguf'", Event::prepare, {}, {{"model", "m640.gguf"}}},
    {Kind::llama_server, "main: loading model", Event::prepare},
    {Kind::llama_server, "0.00.009.616 I cmn  common_init_: fitting params to device memory ...", Event::fit},
    {Kind::llama_server, "0.00.244.840 I common_fit_params: fitting params to free memory took 0.24 seconds", Event::fit, {{"seconds", 0.24}}},
    {Kind::llama_server, "0.00.434.869 I load_tensors: loading model tensors, this can take a while... (load_mode = mmap)", Event::load_start},
    {Kind::llama_server, "0.00.856.188 I load_tensors:   CPU_Mapped model buffer size =   609.84 MiB", Event::buffer, {{"mib", 609.84}}},
    {Kind::llama_server, "0.00.860.347 I llama_context: constructing llama_context", Event::context},
    {Kind::llama_server, "0.00.876.383 I cmn          init: llama threadpool init, n_threads = 2", Event::warmup},
    {Kind::llama_server, "0.00.876.408 I cmn  common_init_: warming up the model with an empty run - please wait ... (--no-warmup to disable)", Event::warmup},
    {Kind::llama_server, "common_init_from_params: warming up the model with an empty run - please wait ...", Event::warmup},
    {Kind::llama_server, "0.01.003.871 I srv    load_model: initializing, n_slots = 4, n_ctx_slot = 2048, kv_unified = 'true'", Event::warmup_done},
    {Kind::llama_server, "srv          init: initializing slots, n_slots = 1", Event::warmup_done},
    {Kind::llama_server, "0.01.008.163 I srv  llama_server: model loaded", Event::model_ready},
    {Kind::llama_server, "main: model loaded", Event::model_ready},
    {Kind::llama_server, "0.01.008.166 I srv  llama_server: listening on http://127.0.0.1:8899", Event::listen, {}, {{"url", "http://127.0.0.1:8899"}}},
    {Kind::llama_server, "main: server is listening on http://127.0.0.1:8080 - starting the main loop", Event::listen, {}, {{"url", "http://127.0.0.1:8080"}}},
    {Kind::llama_server, "0.00.1 E srv  llama_server: exiting due to model loading error", Event::failed},

    {Kind::tgi, "2026-01-08T10:00:00.123456Z  INFO text_generation_launcher: Starting check and download process for org/m", Event::download_start, {}, {{"model", "org/m"}}},
    {Kind::tgi, "2026-01-08T10:00:00.123456Z  INFO download: text_generation_launcher: Successfully downloaded weights for org/m", Event::download, {}, {{"model", "org/m"}}},
    {Kind::tgi, "2026-01-08T10:00:00.123456Z  INFO shard-manager: text_generation_launcher: Starting shard rank=0", Event::load_start},
    {Kind::tgi, "2026-01-08T10:00:00.123456Z  INFO shard-manager: text_generation_launcher: Waiting for shard to be ready... rank=0", Event::waiting},
    {Kind::tgi, "2026-01-08T10:00:00.123456Z  INFO shard-manager: text_generation_launcher: Shard ready in 17.531882s rank=0", Event::model_load, {{"seconds", 17.531882}}},
    {Kind::tgi, "Shard ready in 812.5ms rank=0", Event::model_load, {{"seconds", 0.8125}}},
    {Kind::tgi, "2026-01-08T10:00:00.123456Z  INFO text_generation_launcher: Starting Webserver", Event::engine_ready},
    {Kind::tgi, "2026-01-08T10:00:00.123456Z  INFO text_generation_router: Warming up model", Event::warmup},
    {Kind::tgi, "2026-01-08T10:00:00.123456Z  INFO text_generation_router::server: Connected", Event::ready},

    {Kind::lab, "lab engine 0.1.0: model /models/my model, load mmap", Event::server_version, {}, {{"version", "0.1.0"}, {"model", "/models/my model"}, {"load", "mmap"}}},
    {Kind::lab, "lab engine: init done in 2.5 s", Event::engine_start, {{"seconds", 2.5}}},
    {Kind::lab, "lab engine: loading 4 shards, 15231271936 bytes", Event::load_start, {{"of", 4}, {"bytes", 15231271936.0}}},
    {Kind::lab, "lab engine: shard 2/4", Event::shards, {{"done", 2}, {"of", 4}}},
    {Kind::lab, "lab engine: loaded 15231271936 bytes in 4.321 s", Event::weights, {{"bytes", 15231271936.0}, {"seconds", 4.321}}},
    {Kind::lab, "lab engine: listening on http://127.0.0.1:8000", Event::listen, {}, {{"url", "http://127.0.0.1:8000"}}},
};

TEST(OtherMarkers, every_line) {
  for (const auto& line : k_others) expect(line, line.text);
}

TEST(Markers, a_plain_command_has_none) {
  EXPECT_FALSE(parse_marker(Kind::command, "Loading weights took 8.37 seconds"));
}

TEST(Markers, every_event_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Event::failed); ++i) names.insert(to_string(static_cast<Event>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Event::failed) + 1);
}

TEST(Markers, numbers_that_are_none_are_left_out) {
  for (const char* line : {"Loading weights took seconds", "Loading weights took  -", "Loading weights took inf seconds",
                           "Loading weights took nan seconds", "Loading weights took"}) {
    const auto marker = parse_marker(Kind::vllm, std::string(line) + " ");
    if (!marker) continue;
    EXPECT_THAT(marker->numbers, IsEmpty()) << line;
  }
}

TEST(Markers, what_stands_far_back_in_a_line_is_no_marker) {
  const std::string prompt = "INFO Received request: prompt: '" + std::string(300, 'a') + "Loading weights took 3 seconds'";
  EXPECT_FALSE(parse_marker(Kind::vllm, prompt));
}

TEST(Markers, texts_are_bounded_and_printable) {
  const auto marker = parse_marker(Kind::vllm, "vLLM API server version \x1b[31m" + std::string(100'000, 'x'));
  ASSERT_TRUE(marker);
  const std::string& version = marker->texts.at("version");
  EXPECT_LT(version.size(), 500U);
  EXPECT_EQ(version.find('\x1b'), std::string::npos);
}

TEST(Markers, a_line_of_many_megabytes_costs_no_more_than_its_front) {
  const std::string line(8'000'000, 'L');
  for (int i = 0; i < 2000; ++i) EXPECT_FALSE(parse_marker(Kind::vllm, line));
}

// Cuts, doubles and stirs real lines: nothing may be read past an end, and every number is finite.
TEST(Markers, survive_broken_lines) {
  const auto seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto stir = [&](std::string text) {
    if (!text.empty())
      for (int i = 0; i < 3; ++i) text[random() % text.size()] = static_cast<char>(random() % 256);
    return text.substr(0, random() % (text.size() + 1));
  };
  const auto check = [&](const Line& line) {
    for (int i = 0; i < 200; ++i) {
      const auto marker = parse_marker(line.kind, stir(line.text));
      if (!marker) continue;
      for (const auto& [key, number] : marker->numbers) EXPECT_TRUE(std::isfinite(number)) << key;
    }
  };
  for (const auto& line : k_vllm) check(line);
  for (const auto& line : k_others) check(line);
}

struct Count {
  const char* log;
  std::map<Event, int> least;
};

TEST(Markers, real_vllm_logs) {
  const Count counts[] = {
      {"vllm-0.25.1-h200-7b-cold.log", {{Event::server_version, 1}, {Event::engine_start, 1}, {Event::load_start, 1}, {Event::weights, 1}, {Event::model_load, 1}, {Event::dynamo, 1}, {Event::cached_graph, 1}, {Event::compile_total, 1}, {Event::kv_size, 1}, {Event::graphs, 1}, {Event::engine_ready, 1}, {Event::listen, 1}, {Event::http_up, 1}}},
      {"vllm-0.25.1-h200-7b-runai.log", {{Event::shards, 4}, {Event::weights, 0}, {Event::model_load, 1}}},
      {"vllm-0.32.0-cpu-0.5b-compile.log", {{Event::server_version, 1}, {Event::weights, 1}, {Event::model_load, 0}, {Event::warmup, 1}, {Event::warmup_done, 1}, {Event::kv_memory, 1}, {Event::kv_size, 1}, {Event::waiting, 1}, {Event::http_up, 1}}},
  };
  for (const auto& [log, least] : counts) {
    std::ifstream file(std::string(STOKER_FIXTURES) + "/engine-logs/" + log);
    ASSERT_TRUE(file) << log;
    std::map<Event, int> seen;
    for (std::string line; std::getline(file, line);)
      if (const auto marker = parse_marker(Kind::vllm, line)) ++seen[marker->event];
    for (const auto& [event, count] : least) EXPECT_EQ(seen[event], count) << log << " " << to_string(event);
  }
}

}  // namespace
}  // namespace stoker::engine
