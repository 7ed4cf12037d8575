#include "stoker/lab/engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "stoker/base/json.hpp"
#include "stoker/net/http_client.hpp"
#include "stoker/net/http_server.hpp"
#include "stoker/os/sockets.hpp"
#include "unit/model/scratch.hpp"

namespace stoker::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

// Runs an engine in a thread and waits for what it says.
class Running {
public:
  explicit Running(EnginePlan plan) : m_thread([this, plan = std::move(plan)](const std::stop_token& stop) {
    Status status = run_engine(plan, [this](const std::string& line) { say(line); }, stop);
    const std::lock_guard lock(m_mutex);
    m_status = std::move(status);
    m_ended = true;
    m_changed.notify_all();
  }) {}

  // True once a line that begins so was said; false when the engine ended first.
  bool wait_for_line(const std::string& beginning) {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [&] { return m_ended || has_line(beginning); });
    return has_line(beginning);
  }
  Status stop() {
    m_thread.request_stop();
    return wait();
  }
  Status wait() {
    std::unique_lock lock(m_mutex);
    m_changed.wait(lock, [&] { return m_ended; });
    return m_status;
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(m_mutex);
    return m_lines;
  }

private:
  void say(const std::string& line) {
    const std::lock_guard lock(m_mutex);
    m_lines.push_back(line);
    m_changed.notify_all();
  }
  bool has_line(const std::string& beginning) {
    for (const std::string& line : m_lines)
      if (line.starts_with(beginning)) return true;
    return false;
  }

  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::vector<std::string> m_lines;
  Status m_status;
  bool m_ended = false;
  std::jthread m_thread;
};

class Engine : public ::testing::Test {
protected:
  model::Scratch m_scratch;
  std::uint16_t m_port = os::pick_free_port().value();

  EnginePlan plan(Load load = Load::mmap) {
    const std::string folder = m_scratch.path("tiny");
    (void)m_scratch.write("tiny/a.safetensors", model::two_tensors());
    (void)m_scratch.write("tiny/b.safetensors", model::safetensors_file(R"({"c":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", 3));
    return {folder, "127.0.0.1", m_port, load, Seconds(0)};
  }
  net::Answer get(const std::string& path) { return net::get({"127.0.0.1", m_port, path}, Seconds(10)).value_or(net::Answer{}); }
};

TEST_F(Engine, SaysItsMarkersAndAnswers) {
  for (const Load load : {Load::mmap, Load::read}) {
    Running engine(plan(load));
    ASSERT_TRUE(engine.wait_for_line("lab engine: listening on ")) << engine.wait().error().message();
    EXPECT_THAT(engine.lines(), ElementsAre(MatchesRegex("lab engine [0-9.]+: model " + m_scratch.path("tiny") + ", load (mmap|read)"), "lab engine: loading 2 shards, 19 bytes",
                                            "lab engine: shard 1/2", "lab engine: shard 2/2", MatchesRegex("lab engine: loaded 19 bytes in [0-9.]+ s"),
                                            "lab engine: listening on http://127.0.0.1:" + std::to_string(m_port)));
    const Json health = parse_json(get("/health").body).value();
    EXPECT_EQ(health["status"], "ok");
    EXPECT_THAT(health["note"].get<std::string>(), HasSubstr("does not infer"));
    const Json models = parse_json(get("/v1/models").body).value();
    EXPECT_EQ(models["data"][0]["id"], "tiny");
    EXPECT_EQ(models["data"][0]["owned_by"], "stoker lab engine");
    const auto completion = net::post_json({"127.0.0.1", m_port, "/v1/completions"}, "{}", Seconds(10));
    ASSERT_TRUE(completion);
    EXPECT_EQ(completion->status, 404);
    EXPECT_TRUE(engine.stop());
  }
}

TEST_F(Engine, APauseEndsAtOnceOnStop) {
  EnginePlan slow = plan();
  slow.init = Seconds(86400);
  Running engine(slow);
  ASSERT_TRUE(engine.wait_for_line("lab engine "));
  const Status status = engine.stop();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::cancelled);
}

TEST_F(Engine, APauseIsToldBeforeLoading) {
  EnginePlan slow = plan();
  slow.init = Seconds(0.001);
  Running engine(slow);
  ASSERT_TRUE(engine.wait_for_line("lab engine: listening on "));
  EXPECT_THAT(engine.lines()[1], MatchesRegex("lab engine: init done in [0-9.]+ s"));
  EXPECT_THAT(engine.lines()[2], StartsWith("lab engine: loading "));
  EXPECT_TRUE(engine.stop());
}

TEST_F(Engine, ATakenPortIsToldBeforeLoading) {
  const auto other = net::Server::listen("127.0.0.1", m_port, {});
  ASSERT_TRUE(other);
  Running engine(plan());
  const Status status = engine.wait();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::busy);
  EXPECT_EQ(engine.lines().size(), 1U);
}

TEST_F(Engine, AModelThatIsBrokenEndsIt) {
  EnginePlan broken = plan();
  (void)m_scratch.write("tiny/b.safetensors", "");
  Running engine(broken);
  const Status status = engine.wait();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().kind(), ErrorKind::invalid);
  EXPECT_THAT(status.error().message(), HasSubstr("b.safetensors"));
}

TEST_F(Engine, PortZeroIsAFreeOne) {
  EnginePlan any = plan();
  any.port = 0;
  Running engine(any);
  ASSERT_TRUE(engine.wait_for_line("lab engine: listening on "));
  EXPECT_THAT(engine.lines().back(), MatchesRegex("lab engine: listening on http://127.0.0.1:[1-9][0-9]+"));
  EXPECT_TRUE(engine.stop());
}

TEST(LoadNamed, KnowsThree) {
  EXPECT_EQ(load_named("mmap"), Load::mmap);
  EXPECT_EQ(load_named("read"), Load::read);
  EXPECT_EQ(load_named("direct"), Load::direct);
  EXPECT_EQ(load_named("gds"), std::nullopt);
}

}  // namespace
}  // namespace stoker::lab
