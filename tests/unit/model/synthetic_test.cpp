#include "stoker/model/synthetic.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/statvfs.h>

#include "stoker/base/json.hpp"
#include "stoker/model/gguf.hpp"
#include "stoker/model/image.hpp"
#include "stoker/model/image_writer.hpp"
#include "unit/model/scratch.hpp"

namespace stoker::model {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// FNV-1a over the whole of a file: small, and any changed byte shows.
std::uint64_t digest_of(const std::string& path) {
  std::uint64_t digest = 0xcbf29ce484222325;
  const std::string bytes = os::read_text(path, 100 * k_mib).value();
  for (const char c : bytes) digest = (digest ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return digest;
}

SyntheticPlan small_plan(const std::string& shape = "qwen2.5-0.5b", SyntheticFormat format = SyntheticFormat::safetensors) {
  return {shape, {}, 34 * k_mib, 42, format};
}

TEST(Synthetic, TheSamePlanGivesTheBytesItAlwaysGave) {
  const Scratch scratch;
  ASSERT_TRUE(write_synthetic(small_plan(), scratch.path("a")));
  ASSERT_TRUE(write_synthetic(small_plan("qwen2.5-0.5b", SyntheticFormat::gguf), scratch.path("b")));
  EXPECT_EQ(digest_of(scratch.path("a/model.safetensors")), 10640493215776161625U);
  EXPECT_EQ(digest_of(scratch.path("b/model.gguf")), 7601778741944569912U);
  SyntheticPlan other = small_plan();
  other.seed = 43;
  ASSERT_TRUE(write_synthetic(other, scratch.path("c")));
  EXPECT_NE(digest_of(scratch.path("c/model.safetensors")), digest_of(scratch.path("a/model.safetensors")));
}

TEST(Synthetic, TheNumberOfThreadsDoesNotShow) {
  const Scratch scratch;
  Shape shape = find_shape("qwen2.5-0.5b").value();
  shape.layers = 1;
  shape.vocabulary = 1024;
  const FileImage image = gguf_image(shape, 1);
  for (const unsigned threads : {1U, 3U, 7U}) ASSERT_TRUE(write_image(image, {scratch.path(std::to_string(threads)), threads}, {}));
  EXPECT_EQ(digest_of(scratch.path("1")), digest_of(scratch.path("3")));
  EXPECT_EQ(digest_of(scratch.path("1")), digest_of(scratch.path("7")));
  EXPECT_EQ(os::look_at(scratch.path("7"))->bytes, image.bytes);
}

TEST(Synthetic, WhatIsWrittenIsWhatWasPlannedAndSound) {
  for (const std::string& shape : shape_names()) {
    for (const SyntheticFormat format : {SyntheticFormat::safetensors, SyntheticFormat::gguf}) {
      const Scratch scratch;
      SyntheticPlan plan{shape, 1, {}, 1, format};
      plan.bytes = shape == "qwen2.5-0.5b" || shape == "qwen2.5-1.5b" ? 120 * k_mib : shape == "phi-3-mini-4k" ? 250 * k_mib : 520 * k_mib;
      const auto planned = plan_synthetic(plan);
      ASSERT_TRUE(planned) << planned.error().message();
      if (shape != "qwen2.5-0.5b") continue;  // the others differ in tables only, and take seconds to write
      const auto written = write_synthetic(plan, scratch.path());
      ASSERT_TRUE(written) << written.error().message();
      EXPECT_EQ(planned->files, written->files);
      EXPECT_EQ(os::list_folder(scratch.path())->size(), written->files.size());
      const auto inspection = inspect(scratch.path());
      ASSERT_TRUE(inspection) << inspection.error().message();
      EXPECT_EQ(said(inspection->findings), "");
      EXPECT_EQ(inspection->parameters(), written->parameters);
      EXPECT_EQ(inspection->bytes(), written->weight_bytes);
    }
  }
}

TEST(Synthetic, BytesShrinkLayersThenRows) {
  const auto planned = [](const std::string& shape, Bytes bytes) { return plan_synthetic({shape, {}, bytes, 0, SyntheticFormat::safetensors}); };
  for (const std::string& shape : shape_names())
    for (const Bytes bytes : {600 * k_mib, 1 * k_gib, 2 * k_gib, 3000 * k_mib, 5 * k_gib, 7 * k_gib}) {
      const auto plan = planned(shape, bytes);
      ASSERT_TRUE(plan) << shape << ' ' << bytes << ' ' << plan.error().message();
      EXPECT_LE(plan->weight_bytes, bytes) << shape;
      EXPECT_TRUE(plan->layers == find_shape(shape)->layers || plan->weight_bytes >= bytes - bytes / 20) << shape << ' ' << bytes;
    }
  EXPECT_EQ(planned("qwen2.5-7b", 100 * k_gib)->parameters, 7'615'616'512U);
  const auto impossible = planned("llama-3.1-8b", 100 * k_mib);
  ASSERT_FALSE(impossible);
  EXPECT_EQ(impossible.error().kind(), ErrorKind::usage);
  EXPECT_THAT(impossible.error().message(), HasSubstr("its least is"));
  const auto gguf = plan_synthetic({"qwen2.5-0.5b", {}, 500 * k_mib, 0, SyntheticFormat::gguf});
  ASSERT_TRUE(gguf);
  EXPECT_LE(gguf->weight_bytes, 500 * k_mib);
  EXPECT_GE(gguf->weight_bytes, 475 * k_mib);
}

TEST(Synthetic, LayersMayBeFewerOrMore) {
  EXPECT_EQ(plan_synthetic({"qwen2.5-0.5b", 2, {}, 0, {}})->layers, 2U);
  EXPECT_EQ(plan_synthetic({"qwen2.5-0.5b", 48, {}, 0, {}})->layers, 48U);
  EXPECT_FALSE(plan_synthetic({"qwen2.5-0.5b", 0, {}, 0, {}}));
  EXPECT_FALSE(plan_synthetic({"nothing", {}, {}, 0, {}}));
}

TEST(Synthetic, ConfigFollowsTheShape) {
  const Scratch scratch;
  ASSERT_TRUE(write_synthetic(small_plan(), scratch.path()));
  const Json config = parse_json(os::read_text(scratch.path("config.json")).value()).value();
  EXPECT_EQ(config["architectures"][0], "Qwen2ForCausalLM");
  EXPECT_EQ(config["num_hidden_layers"], 1);
  EXPECT_EQ(config["vocab_size"].get<std::uint64_t>() % 64, 0U);
  EXPECT_GE(config["vocab_size"].get<std::uint64_t>(), 1024U);
  EXPECT_EQ(config["tie_word_embeddings"], true);
  const auto inspection = inspect(scratch.path());
  for (const Tensor& tensor : inspection->shards[0].tensors)
    EXPECT_TRUE(tensor.name != "model.embed_tokens.weight" || tensor.shape[0] == config["vocab_size"].get<std::uint64_t>());
  const Json tokenizer = parse_json(os::read_text(scratch.path("tokenizer.json")).value()).value();
  EXPECT_EQ(tokenizer["model"]["vocab"].size() + tokenizer["added_tokens"].size(), 268U);
  EXPECT_EQ(config["eos_token_id"], tokenizer["added_tokens"][2]["id"]);
}

TEST(Synthetic, AShardedModelHasItsIndex) {
  const HubImages images = hub_images(find_shape("qwen2.5-7b").value(), 0);
  const Json index = parse_json(images.index).value();
  EXPECT_EQ(index["metadata"]["total_size"], 15'231'233'024U);
  EXPECT_EQ(index["weight_map"].size(), 339U);
  EXPECT_EQ(index["weight_map"]["lm_head.weight"], "model-00004-of-00004.safetensors");
  EXPECT_EQ(index["weight_map"]["model.layers.6.self_attn.o_proj.weight"], "model-00001-of-00004.safetensors");
  EXPECT_EQ(index["weight_map"]["model.layers.6.mlp.gate_proj.weight"], "model-00002-of-00004.safetensors");
}

TEST(Synthetic, WeightsThatAreThereStay) {
  const Scratch scratch;
  (void)scratch.write("mine.gguf", "x");
  const auto refused = write_synthetic(small_plan(), scratch.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::exists);
  EXPECT_THAT(os::list_folder(scratch.path()).value(), ElementsAre("mine.gguf"));
}

TEST(Synthetic, AStopLeavesNothingBehind) {
  const Scratch scratch;
  std::stop_source stop;
  stop.request_stop();
  const auto stopped = write_synthetic(small_plan(), scratch.path(), stop.get_token());
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind(), ErrorKind::cancelled);
  EXPECT_TRUE(os::list_folder(scratch.path())->empty());
}

TEST(Synthetic, LeftoversOfADeadWriterAreRemoved) {
  const Scratch scratch;
  (void)scratch.write(".writing-abc/model.safetensors", "half");
  ASSERT_TRUE(write_synthetic(small_plan(), scratch.path()));
  EXPECT_FALSE(os::look_at(scratch.path(".writing-abc")));
}

TEST(Synthetic, TooFewBytesFreeIsToldBeforeTheFirst) {
  const Scratch scratch;
  const SyntheticPlan plan{"llama-3.1-8b", 1000, {}, 0, {}};  // 438 GB
  struct statvfs seen {};
  ASSERT_EQ(::statvfs(scratch.path().c_str(), &seen), 0);
  if (seen.f_bavail * seen.f_frsize > plan_synthetic(plan)->weight_bytes) GTEST_SKIP() << "this disk has room for it";
  const auto refused = write_synthetic(plan, scratch.path());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::no_space);
  EXPECT_TRUE(os::list_folder(scratch.path())->empty());
}

}  // namespace
}  // namespace stoker::model
