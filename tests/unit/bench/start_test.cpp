#include "stoker/bench/start.hpp"

#include <gtest/gtest.h>

#include "stoker/model/synthetic.hpp"
#include "stoker/os/sockets.hpp"
#include "unit/bench/scratch.hpp"

namespace stoker::bench {
namespace {

// Starts of a real program on real files: the engine here is a one-line HTTP server that reads its model first.
constexpr const char* k_server =
    "import sys,http.server,pathlib\n"
    "[p.read_bytes() for p in sorted(pathlib.Path(sys.argv[1]).glob('*.safetensors'))]\n"
    "class H(http.server.BaseHTTPRequestHandler):\n"
    "  def do_GET(self): self.send_response(200); self.send_header('Content-Length','2'); self.end_headers(); self.wfile.write(b'{}')\n"
    "  def log_message(self,*a): pass\n"
    "http.server.HTTPServer(('127.0.0.1',int(sys.argv[2])),H).serve_forever()\n";

class BenchStart : public ::testing::Test {
protected:
  void SetUp() override {
    model::SyntheticPlan synthetic;
    synthetic.shape = "qwen2.5-0.5b";
    synthetic.bytes = 48 * k_mib;
    folder = scratch.path() + "/model";
    ASSERT_TRUE(model::write_synthetic(synthetic, folder));
    plan.model = {"test", folder, "directory"};
    plan.port = os::pick_free_port().value();
    plan.argv = {"/usr/bin/python3", "-c", k_server, folder, std::to_string(plan.port)};
    plan.runs = 2;
    plan.cooldown = Seconds(0);
    plan.ready_timeout = Seconds(60);
  }
  StartOutcome run() {
    return bench_start(plan, [&](const auto&, const auto&) { ++reported; return Status(); }, {});
  }

  test::Scratch scratch;
  std::string folder;
  StartPlan plan;
  int reported = 0;
};

TEST_F(BenchStart, RunsAreInterleavedAndReportedOneByOne) {
  const auto outcome = run();
  ASSERT_FALSE(outcome.error) << outcome.error->message();
  ASSERT_EQ(outcome.bench.starts.size(), 4U);
  EXPECT_EQ(reported, 4);
  using record::Mode;
  const std::vector<Mode> order{Mode::cold, Mode::warm, Mode::warm, Mode::cold};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& start = outcome.bench.starts[i];
    EXPECT_EQ(start.mode, order[i]);
    EXPECT_TRUE(start.valid) << start.invalid_reason;
    EXPECT_TRUE(start.load_s);
    EXPECT_EQ(start.residency_before, start.mode == Mode::cold ? 0.0 : 1.0);
  }
}

TEST_F(BenchStart, AnEngineThatEndsIsAnErrorWithItsLastLines) {
  plan.argv = {"/bin/sh", "-c", "echo cannot do this; exit 3"};
  const auto outcome = run();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind(), ErrorKind::ended);
  ASSERT_EQ(outcome.bench.starts.size(), 1U);
  EXPECT_FALSE(outcome.bench.starts[0].valid);
  EXPECT_FALSE(outcome.bench.starts[0].load_s);
  EXPECT_EQ(outcome.bench.starts[0].last_lines, std::vector<std::string>{"cannot do this"});
}

TEST_F(BenchStart, ABadModelIsRefusedBeforeAnything) {
  plan.model.path = scratch.path() + "/absent";
  const auto outcome = run();
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->kind(), ErrorKind::not_found);
  EXPECT_TRUE(outcome.bench.starts.empty());
  EXPECT_EQ(reported, 0);
}

TEST_F(BenchStart, WithColdScopeAllTheEnginesOwnFilesAreColdToo) {
  plan.cold_scope = record::ColdScope::all;
  plan.runs = 1;
  const auto outcome = run();
  ASSERT_FALSE(outcome.error) << outcome.error->message();
  const auto& states = outcome.bench.starts.front().states;
  ASSERT_FALSE(states.empty());
  EXPECT_EQ(states.back().what, "engine files");
  // "partial" where so much of this small engine (libc, the interpreter) is mapped by other processes here.
  EXPECT_TRUE(states.back().state == "cold" || states.back().state == "partial") << states.back().state << ": " << states.back().reason;
  EXPECT_GT(states.back().bytes.value_or(0), 0U);
}

}  // namespace
}  // namespace stoker::bench
