#include "stoker/record/json.hpp"

#include <gtest/gtest.h>

#include <set>

#include "unit/record/benches.hpp"

namespace stoker::record {
namespace {

std::set<std::string> keys(const Json& object) {
  std::set<std::string> names;
  for (const auto& [name, value] : object.items()) names.insert(name);
  return names;
}

TEST(RecordJson, ReliedOnKeysAreThere) {
  const Json document = to_json(benches::distinct());
  EXPECT_EQ(document["schema"], "stoker.bench-start/1");
  ASSERT_EQ(document["starts"].size(), 10U);
  const Json& cold = document["starts"][0];
  EXPECT_EQ(cold["run_id"], "r1-cold");
  EXPECT_EQ(cold["mode"], "cold");
  EXPECT_EQ(cold["valid"], true);
  EXPECT_TRUE(cold["invalid_reason"].is_null());
  EXPECT_EQ(cold["load_s"], 33.8);
  EXPECT_EQ(cold["first_token_s"], 33.8 + 0.25);
  EXPECT_EQ(cold["phases"][0], (Json{{"name", "spawn"}, {"seconds", 0.05}}));
  EXPECT_EQ(cold["residency_before"], 0.0);
  EXPECT_EQ(cold["residency_after"], 1.0);
  EXPECT_EQ(cold["device_read_bytes"], 15'231'233'024 + 42 * k_mib);
  EXPECT_EQ(cold["gpu_mem_used_mb"], 136365);
  EXPECT_EQ(cold["states"][0]["what"], "bytecode");
}

TEST(RecordJson, SummarySpeaksByMode) {
  const Json summary = to_json(benches::distinct())["summary"];
  EXPECT_EQ(summary["modes"]["cold"]["valid"], 5);
  EXPECT_EQ(summary["modes"]["warm"]["load_s"]["median"], 26.2);
  EXPECT_EQ(keys(summary["modes"]["cold"]["load_s"]), (std::set<std::string>{"count", "median", "min", "max", "mean", "deviation"}));
  EXPECT_EQ(summary["cold_minus_warm"]["pairs"], 5);
  EXPECT_EQ(summary["cold_minus_warm"]["distinct"], true);
  EXPECT_TRUE(summary["implied_over_ceiling"].is_number());
}

// Nothing measured changes which keys there are: a reader never has to ask whether one exists.
TEST(RecordJson, EmptyAndFullHaveTheSameKeys) {
  StartBench empty;
  empty.starts.emplace_back();
  const Json nothing = to_json(empty), full = to_json(benches::hostile());
  EXPECT_EQ(keys(nothing), keys(full));
  EXPECT_EQ(keys(nothing["host"]), keys(full["host"]));
  EXPECT_EQ(keys(nothing["starts"][0]), keys(full["starts"][0]));
  EXPECT_EQ(keys(nothing["summary"]), keys(full["summary"]));
}

TEST(RecordJson, UnmeasuredIsNull) {
  StartBench empty;
  empty.starts.emplace_back();
  const Json document = to_json(empty);
  const Json& start = document["starts"][0];
  for (const char* key : {"load_s", "first_token_s", "warm_s", "residency_before", "residency_after", "device_read_bytes", "device_weight_bytes",
                          "device_other_bytes", "device_read_source", "tree_read_bytes", "io_pressure_some_s", "gpu", "gpu_mem_used_mb", "exit"})
    EXPECT_TRUE(start.at(key).is_null()) << key;
  EXPECT_EQ(start["valid"], false);
  EXPECT_EQ(start["invalid_reason"], "no reason was recorded");
  EXPECT_TRUE(start["phases"].is_array());
  EXPECT_TRUE(start["engine_said"].is_object());
  EXPECT_TRUE(document["host"]["rotational"].is_null());
  EXPECT_TRUE(document["summary"]["cold_minus_warm"].is_null());
  EXPECT_TRUE(document["interrupted"].is_null());
}

TEST(RecordJson, ValidAgreesWithTheStatistics) {
  const Json document = to_json(benches::all_invalid());
  EXPECT_EQ(document["starts"][1]["valid"], false);
  EXPECT_EQ(document["starts"][1]["invalid_reason"], "exit code 1 after 4.12 s");
  EXPECT_EQ(document["summary"]["modes"]["warm"]["invalid"], 1);
}

TEST(RecordJson, InvalidStartsHaveNoTimesToAverage) {
  auto bench = benches::distinct();
  bench.starts[0].valid = false;
  bench.starts[0].invalid_reason = "mapped by pid 4711";
  const Json start = to_json(bench)["starts"][0];
  EXPECT_TRUE(start["load_s"].is_null());
  EXPECT_TRUE(start["first_token_s"].is_null());
  EXPECT_EQ(start["invalid_reason"], "mapped by pid 4711");
}

TEST(RecordJson, HostileNamesComeBackWhole) {
  const auto bench = benches::hostile();
  const auto again = parse_json(dump_json(to_json(bench)));
  ASSERT_TRUE(again.has_value()) << again.error().message();
  EXPECT_EQ((*again)["starts"].size(), bench.starts.size());
  EXPECT_EQ((*again)["starts"][0]["gpu"]["ready_bytes"].size(), 2U);
}

}  // namespace
}  // namespace stoker::record
