#include "stoker/record/csv.hpp"

#include <gtest/gtest.h>

#include "unit/record/benches.hpp"

namespace stoker::record {
namespace {

std::string row(const std::string& model, const std::vector<std::string>& notes) {
  auto bench = benches::vllm();
  bench.model = model;
  auto start = benches::vllm_start("r1", Mode::cold, 33.8123456);
  start.notes = notes;
  return start_csv_row(bench, start);
}

TEST(Csv, HeaderIsTheContract) {
  EXPECT_EQ(k_start_csv_header, "run_id,mode,model,max_model_len,load_s,gpu_mem_used_mb,notes");
}

TEST(Csv, PlainRow) { EXPECT_EQ(row("org/name", {}), "r1,cold,org/name,4096,33.812,136365,\n"); }

TEST(Csv, WhatIsNotKnownIsEmpty) {
  auto bench = benches::one_each();
  EXPECT_EQ(start_csv_row(bench, bench.starts[1]), "r1-warm,warm,Qwen/Qwen2.5-7B-Instruct,,0.842,,\n");
}

TEST(Csv, CommasAndQuotesAreQuotedAsRfc4180Has) {
  EXPECT_EQ(row("a,b", {}), "r1,cold,\"a,b\",4096,33.812,136365,\n");
  EXPECT_EQ(row("say \"hi\"", {}), "r1,cold,\"say \"\"hi\"\"\",4096,33.812,136365,\n");
  EXPECT_EQ(row("m", {"one, two", "three"}), "r1,cold,m,4096,33.812,136365,\"one, two; three\"\n");
}

TEST(Csv, RowIsOneLineOfValidText) {
  const std::string hostile = row("a\nb\r\nc\x01\xff", {});
  EXPECT_EQ(hostile, "r1,cold,a\\x0ab\\x0d\\x0ac\\x01\\xff,4096,33.812,136365,\n");
}

TEST(Csv, FormulasAreTextNotRun) {
  EXPECT_EQ(row("=1+1", {}), "r1,cold,'=1+1,4096,33.812,136365,\n");
  EXPECT_EQ(row("+1", {"@SUM(A1)"}), "r1,cold,'+1,4096,33.812,136365,'@SUM(A1)\n");
  EXPECT_EQ(row("-2,3", {}), "r1,cold,\"'-2,3\",4096,33.812,136365,\n");
  EXPECT_EQ(row("\t=1", {}), "r1,cold,\\x09=1,4096,33.812,136365,\n");
}

TEST(Csv, InvalidRowHasNoTimeAndSaysWhyFirst) {
  auto bench = benches::vllm();
  auto start = benches::vllm_start("r1", Mode::cold, 33.8);
  start.valid = false;
  start.invalid_reason = "mapped by pid 4711";
  start.notes = {"slow disk"};
  EXPECT_EQ(start_csv_row(bench, start), "r1,cold,Qwen/Qwen2.5-7B-Instruct,4096,,136365,invalid: mapped by pid 4711; slow disk\n");
}

TEST(Csv, StartThatNeverGotReadyIsInvalid) {
  const auto bench = benches::all_invalid();
  EXPECT_EQ(start_csv_row(bench, bench.starts[1]), "r1-warm,warm,Qwen/Qwen2.5-7B-Instruct,4096,,,invalid: exit code 1 after 4.12 s\n");
}

TEST(Csv, HugeFieldsAreCut) { EXPECT_LT(row(std::string(1'000'000, 'x'), {std::string(1'000'000, 'y')}).size(), 10'000U); }

}  // namespace
}  // namespace stoker::record
