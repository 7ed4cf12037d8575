#include "stoker/engine/profile.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "stoker/base/text.hpp"
#include "stoker/os/file.hpp"

namespace stoker::engine {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

Words words(std::string_view line) {
  Words argv;
  for (const auto word : split_blank(line)) argv.emplace_back(word);
  return argv;
}

struct Detection {
  const char* command;
  Kind kind;
};

class Detect : public testing::TestWithParam<Detection> {};

TEST_P(Detect, knows_the_engine) { EXPECT_EQ(detect(words(GetParam().command)), GetParam().kind) << GetParam().command; }

INSTANTIATE_TEST_SUITE_P(plain, Detect, testing::Values(
    Detection{"vllm serve /m --port 8000", Kind::vllm},
    Detection{"/opt/venv/bin/vllm serve /m", Kind::vllm},
    Detection{"python -m vllm.entrypoints.openai.api_server --model /m", Kind::vllm},
    Detection{"python3.12 -B -X importtime -m vllm.entrypoints.cli.main serve /m", Kind::vllm},
    Detection{"/opt/venv/bin/python /opt/venv/bin/vllm serve /m", Kind::vllm},
    Detection{"/opt/venv/bin/python -u /opt/venv/bin/vllm serve /m", Kind::vllm},
    Detection{"vllm bench startup", Kind::command},
    Detection{"vllm", Kind::command},
    Detection{"sglang serve --model-path /m", Kind::sglang},
    Detection{"python3 -m sglang.launch_server --model-path /m", Kind::sglang},
    Detection{"llama-server -m a.gguf", Kind::llama_server},
    Detection{"/usr/bin/llama-server -m a.gguf", Kind::llama_server},
    Detection{"llama-cli -m a.gguf", Kind::command},
    Detection{"text-generation-launcher --model-id /m", Kind::tgi},
    Detection{"/usr/bin/stoker lab engine /m --port 9", Kind::lab},
    Detection{"stoker --verbose --store /s lab engine /m", Kind::lab},
    Detection{"stoker lab model qwen2.5-0.5b /m", Kind::command},
    Detection{"bash -c vllm", Kind::command},
    Detection{"python -c print(1)", Kind::command},
    Detection{"python", Kind::command},
    Detection{"my-server --model vllm", Kind::command},
    Detection{"", Kind::command}));

INSTANTIATE_TEST_SUITE_P(wrapped, Detect, testing::Values(
    Detection{"env CUDA_VISIBLE_DEVICES=0 vllm serve /m", Kind::vllm},
    Detection{"env -i -u HOME --unset=A -C /tmp PATH=/bin vllm serve /m", Kind::vllm},
    Detection{"env -S vllm serve /m", Kind::command},
    Detection{"nice -n 5 vllm serve /m", Kind::vllm},
    Detection{"nice -n5 vllm serve /m", Kind::vllm},
    Detection{"ionice -c 2 -n 0 vllm serve /m", Kind::vllm},
    Detection{"numactl -N 0 --membind=0 vllm serve /m", Kind::vllm},
    Detection{"numactl --cpunodebind 0 --membind 0 llama-server -m a.gguf", Kind::llama_server},
    Detection{"taskset -c 0-3 vllm serve /m", Kind::vllm},
    Detection{"taskset 0xff vllm serve /m", Kind::vllm},
    Detection{"stdbuf -oL -e L vllm serve /m", Kind::vllm},
    Detection{"timeout -k 5 --signal=INT 600 vllm serve /m", Kind::vllm},
    Detection{"timeout -- 600 vllm serve /m", Kind::vllm},
    Detection{"nohup setsid -w time -p vllm serve /m", Kind::vllm},
    Detection{"uv run vllm serve /m", Kind::vllm},
    Detection{"uv run --with vllm --python 3.12 -- vllm serve /m", Kind::vllm},
    Detection{"uv --directory /p run -m sglang.launch_server --model-path /m", Kind::sglang},
    Detection{"uv pip install vllm serve", Kind::command},
    Detection{"sudo -u llm HF_HOME=/hf vllm serve /m", Kind::vllm},
    Detection{"env A=1 nice -n 5 numactl -N 0 env B=2 taskset -c 1 uv run vllm serve /m", Kind::vllm},
    Detection{"nice", Kind::command},
    Detection{"timeout 5", Kind::command}));

INSTANTIATE_TEST_SUITE_P(containers, Detect, testing::Values(
    Detection{"docker run --gpus all -p 8000:8000 vllm/vllm-openai:v0.13.0 --model /m", Kind::vllm},
    Detection{"podman run docker.io/vllm/vllm-openai@sha256:0123 --model /m", Kind::vllm},
    Detection{"docker run registry.local:5000/mirror/vllm/vllm-openai --model /m", Kind::vllm},
    Detection{"docker run vllm/vllm-openai-cpu:latest --model /m", Kind::vllm},
    Detection{"docker run rocm/vllm:latest vllm serve /m", Kind::vllm},
    Detection{"docker run lmsysorg/sglang:latest python3 -m sglang.launch_server", Kind::sglang},
    Detection{"docker run ghcr.io/ggml-org/llama.cpp:server-cuda -m /a.gguf", Kind::llama_server},
    Detection{"docker run ghcr.io/ggml-org/llama.cpp:light -m /a.gguf", Kind::command},
    Detection{"docker run ghcr.io/huggingface/text-generation-inference:3.3.7 --model-id /m", Kind::tgi},
    Detection{"podman run --rm -v /m:/m local/mine vllm serve /m", Kind::vllm},
    Detection{"podman run --entrypoint vllm local/mine serve /m", Kind::vllm},
    Detection{"podman run --entrypoint=bash vllm/vllm-openai:v1 -c x", Kind::command},
    Detection{"podman run local/mine env A=1 llama-server -m a.gguf", Kind::llama_server},
    Detection{"podman run alpine sleep 1", Kind::command}));

TEST(Profile, names_go_both_ways) {
  for (const Kind kind : {Kind::vllm, Kind::sglang, Kind::llama_server, Kind::tgi, Kind::lab, Kind::command})
    EXPECT_EQ(kind_named(to_string(kind)), kind);
  EXPECT_FALSE(kind_named("tensorrt"));
  EXPECT_EQ(to_string(Kind::llama_server), "llama-server");
}

struct Port {
  const char* command;
  int port;  // 0: none
};

class PortIn : public testing::TestWithParam<Port> {};

TEST_P(PortIn, reads_it) {
  const auto argv = words(GetParam().command);
  EXPECT_EQ(port_in(detect(argv), argv).value_or(0), GetParam().port) << GetParam().command;
}

INSTANTIATE_TEST_SUITE_P(all, PortIn, testing::Values(
    Port{"vllm serve /m --port 8811", 8811},
    Port{"vllm serve /m --port=8811", 8811},
    Port{"vllm serve /m --port 1 --port 2", 2},
    Port{"vllm serve /m -p 8811", 0},
    Port{"vllm serve /m", 0},
    Port{"vllm serve /m --port", 0},
    Port{"vllm serve /m --port 0", 0},
    Port{"vllm serve /m --port 65536", 0},
    Port{"vllm serve /m --port 80x", 0},
    Port{"numactl -N 0 vllm serve /m --port 8811", 8811},
    Port{"llama-server -m a.gguf --port 8899 -p prompt", 8899},
    Port{"python -m sglang.launch_server --port 30001", 30001},
    Port{"text-generation-launcher -p 3001", 3001},
    Port{"text-generation-launcher -p3001", 3001},
    Port{"text-generation-launcher --port 3002", 3002},
    Port{"my-server --port 7", 7},
    Port{"stoker lab engine /m --port 9", 9},
    Port{"docker run -p 9000:8000 vllm/vllm-openai:v1 --model /m", 9000},
    Port{"docker run -p 127.0.0.1:9000:8000 vllm/vllm-openai:v1 --model /m", 9000},
    Port{"docker run -p 1:1 -p 9001:8123 vllm/vllm-openai:v1 --model /m --port 8123", 9001},
    Port{"docker run -p 1:1 -p 9002:8000 vllm/vllm-openai:v1 --model /m", 9002},
    Port{"docker run -p 1:1 -p 2:2 vllm/vllm-openai:v1 --model /m", 0},
    Port{"docker run --network host vllm/vllm-openai:v1 --port 8123", 8123},
    Port{"docker run --network=host vllm/vllm-openai:v1", 0},
    // This image listens on 80, whatever the program's own default is.
    Port{"docker run -p 8080:80 ghcr.io/huggingface/text-generation-inference:3 --model-id /m", 8080}));

TEST(Profile, default_ports) {
  EXPECT_EQ(default_port(Kind::vllm), 8000);
  EXPECT_EQ(default_port(Kind::sglang), 30000);
  EXPECT_EQ(default_port(Kind::llama_server), 8080);
  EXPECT_EQ(default_port(Kind::tgi), 3000);
  EXPECT_EQ(default_port(Kind::lab), 8000);
}

TEST(Profile, readiness) {
  EXPECT_THAT(readiness_of(Kind::vllm).paths, ElementsAre("/v1/models"));
  EXPECT_TRUE(readiness_of(Kind::vllm).wants_model_listed);
  EXPECT_TRUE(readiness_of(Kind::tgi).wants_model_listed);
  EXPECT_THAT(readiness_of(Kind::sglang).paths, ElementsAre("/health"));
  EXPECT_THAT(readiness_of(Kind::llama_server).paths, ElementsAre("/health"));
  EXPECT_FALSE(readiness_of(Kind::lab).completes);
  EXPECT_THAT(readiness_of(Kind::command).paths, ElementsAre("/health", "/v1/models"));
  EXPECT_FALSE(readiness_of(Kind::command).wants_model_listed);
}

TEST(Profile, variables_of_the_wrappers) {
  const auto set = environment_in(words("env PYTHONDONTWRITEBYTECODE=1 -u HOME nice env A=x=y vllm serve B=2"));
  EXPECT_EQ(set.at("PYTHONDONTWRITEBYTECODE"), "1");
  EXPECT_EQ(set.at("HOME"), std::nullopt);
  EXPECT_EQ(set.at("A"), "x=y");
  EXPECT_EQ(set.size(), 3U);
}

TEST(Profile, fills_in_and_touches_nothing_else) {
  EXPECT_THAT(fill_in({"x", "{model}", "--port={port}", "{Model}", "{models}", "{model"}, "/m{port}", 80),
              ElementsAre("x", "/m{port}", "--port=80", "{Model}", "{models}", "{model"));
}

TEST(Profile, composes) {
  ComposePlan plan;
  plan.model = "/m";
  plan.port = 81;
  EXPECT_EQ(join(*compose(plan), " "), "vllm serve /m --host 127.0.0.1 --port 81");
  plan.max_model_len = 512;
  EXPECT_EQ(join(*compose(plan), " "), "vllm serve /m --host 127.0.0.1 --port 81 --max-model-len 512");
  plan.kind = Kind::sglang;
  EXPECT_EQ(join(*compose(plan), " "), "python3 -m sglang.launch_server --model-path /m --host 127.0.0.1 --port 81 --context-length 512");
  plan.kind = Kind::tgi;
  EXPECT_EQ(join(*compose(plan), " "), "text-generation-launcher --model-id /m --hostname 127.0.0.1 --port 81 --max-total-tokens 512");
  plan.kind = Kind::lab;
  plan.self = "/bin/stoker";
  plan.lab_flags = {"--load", "direct"};
  EXPECT_EQ(join(*compose(plan), " "), "/bin/stoker lab engine /m --port 81 --load direct");
  plan.kind = Kind::command;
  EXPECT_EQ(compose(plan).error().kind(), ErrorKind::usage);
}

TEST(Profile, what_it_composes_it_knows_again) {
  ComposePlan plan{Kind::vllm, "/m", 81, {}, "/bin/stoker", {}};
  for (const Kind kind : {Kind::vllm, Kind::sglang, Kind::tgi, Kind::lab}) {
    plan.kind = kind;
    EXPECT_EQ(detect(*compose(plan)), kind);
    EXPECT_EQ(port_in(kind, *compose(plan)), 81);
  }
}

TEST(Profile, llama_server_wants_a_gguf) {
  const auto folder = os::make_private_folder(os::temporary_folder(), "profile-");
  ASSERT_TRUE(folder);
  ComposePlan plan{Kind::llama_server, *folder, 81, {}, "", {}};
  EXPECT_EQ(compose(plan).error().kind(), ErrorKind::usage);
  std::ofstream(*folder + "/a.gguf") << "GGUF";
  EXPECT_EQ(join(*compose(plan), " "), "llama-server -m " + *folder + "/a.gguf --host 127.0.0.1 --port 81");
  plan.model = *folder + "/a.gguf";
  plan.max_model_len = 512;
  EXPECT_EQ(join(*compose(plan), " "), "llama-server -m " + *folder + "/a.gguf --host 127.0.0.1 --port 81 -c 512");
  EXPECT_TRUE(os::remove_tree(*folder));
}

struct Loader {
  const char* command;
  bool bypasses;
  const char* warning;  // nullptr: none
};

class Loaders : public testing::TestWithParam<Loader> {};

TEST_P(Loaders, are_judged) {
  const auto argv = words(GetParam().command);
  const auto facts = loader_facts(detect(argv), argv);
  EXPECT_EQ(facts.bypasses_page_cache, GetParam().bypasses) << GetParam().command;
  if (GetParam().warning == nullptr)
    EXPECT_THAT(facts.warnings, IsEmpty());
  else
    EXPECT_THAT(facts.warnings, ElementsAre(HasSubstr(GetParam().warning)));
}

INSTANTIATE_TEST_SUITE_P(all, Loaders, testing::Values(
    Loader{"vllm serve /m", false, nullptr},
    Loader{"vllm serve /m --load-format auto", false, nullptr},
    Loader{"vllm serve /m --load-format fastsafetensors", true, "past the page cache"},
    Loader{"vllm serve /m --load_format=FastSafetensors", true, "past the page cache"},
    Loader{"vllm serve /m --load-format runai_streamer_sharded", true, "--load-format auto"},
    Loader{"vllm serve /m --load-format=instanttensor", true, "past the page cache"},
    Loader{"vllm serve /m --load-format dummy", false, "random weights"},
    Loader{"docker run vllm/vllm-openai:v1 --model /m --load-format runai_streamer", true, "past the page cache"},
    Loader{"sglang serve --load-format runai_streamer", true, "past the page cache"},
    Loader{"sglang serve --weight-loader-drop-cache-after-load", false, "cold again"},
    Loader{"llama-server -m a.gguf --load-mode dio", true, "--load-mode mmap"},
    Loader{"llama-server -m a.gguf -lm dio", true, "--load-mode mmap"},
    Loader{"llama-server -m a.gguf -lm mmap", false, nullptr},
    Loader{"llama-server -m a.gguf --direct-io", true, "past the page cache"},
    Loader{"stoker lab engine /m --load direct", true, "--load mmap"},
    Loader{"stoker lab engine /m --load read", false, nullptr},
    Loader{"my-server --load-format dummy", false, nullptr}));

}  // namespace
}  // namespace stoker::engine
