#include "stoker/engine/server.hpp"

#include <gmock/gmock.h>

#include <set>

#include "stoker/net/http_server.hpp"
#include "unit/engine/scripted_server.hpp"

namespace stoker::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

using ServerTest = ScriptedServer;

// Every process of the tree, and whether one of them is still there (a zombie would be, too).
std::set<pid_t> pids_of(const Server& server) {
  std::set<pid_t> pids;
  for (const auto& process : server.processes()) pids.insert(process.pid);
  return pids;
}

void expect_gone(const std::set<pid_t>& pids) {
  for (const pid_t pid : pids) EXPECT_FALSE(os::process(pid)) << "process " << pid << " is left: " << os::command_line(pid);
}

pid_t pid_in(const std::string& path) {
  const auto text = os::read_fact(path);
  return text ? static_cast<pid_t>(std::stol(*text)) : 0;
}

TEST_F(ServerTest, IsReadyWhenHealthAnswers200AndNotBefore) {
  auto server = Server::launch(plan({"--unready", "4"}, Kind::llama_server));
  ASSERT_TRUE(server) << server.error().message();
  int ticks = 0;
  const auto ready = server->wait_ready(k_plenty, {}, [&] { ++ticks; });
  ASSERT_TRUE(ready) << ready.error().message();
  EXPECT_GT(ready->count(), 0);
  EXPECT_GE(ticks, 5);  // four answers of 503, each in a poll of its own
  EXPECT_TRUE(said(*server, "listening"));
}

TEST_F(ServerTest, WaitsForAServerThatBindsLongBeforeItListens) {
  auto server = Server::launch(plan({"--reuseport", "--listen-when", file("go")}, Kind::vllm));
  ASSERT_TRUE(server) << server.error().message();
  Seconds told{};
  const auto ready = server->wait_ready(k_plenty, {}, [&] {
    if (told.count() > 0 || !said(*server, "bound")) return;
    told = os::since(server->started());
    touch(file("go"));
  });
  ASSERT_TRUE(ready) << ready.error().message();
  EXPECT_GT(told.count(), 0);
  EXPECT_GT(*ready, told);
}

TEST_F(ServerTest, OwnsASocketThatAChildOfTheEngineListensOn) {
  auto server = Server::launch(plan({"--child-listens"}));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = server->wait_ready(k_plenty, {});
  EXPECT_TRUE(ready) << ready.error().message();
}

// A second server that shares the port by SO_REUSEPORT would answer half of the questions.
class SharedPortTest : public ScriptedServer {
protected:
  Result<Seconds> wait_with_foreigner(const std::vector<std::string>& flags, bool ours_listens) {
    auto server = Server::launch(plan(flags));
    if (!server) return fail(Error(server.error()));
    return server->wait_ready(k_plenty, {}, [&] {
      if (m_foreigner || !said(*server, "bound")) return;
      auto child = os::Child::spawn({.argv = argv({"--reuseport"}), .environment = {}});
      ASSERT_TRUE(child);
      m_foreigner.emplace(std::move(*child));
      while (os::listeners(m_port).empty()) ASSERT_FALSE(m_foreigner->poll());
      if (ours_listens) touch(file("go"));
    });
  }
  std::optional<os::Child> m_foreigner;
};

TEST_F(SharedPortTest, ForeignListenerBeforeOursIsBusyAndNamed) {
  const auto ready = wait_with_foreigner({"--reuseport", "--listen-when", file("go")}, false);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().kind(), ErrorKind::busy);
  EXPECT_THAT(ready.error().message(), HasSubstr(std::to_string(m_foreigner->pid())));
  EXPECT_THAT(ready.error().message(), HasSubstr("scripted_server.py"));
}

TEST_F(SharedPortTest, ForeignListenerBesideOursIsBusyAndNamed) {
  const auto ready = wait_with_foreigner({"--reuseport", "--listen-when", file("go"), "--unready", "-1"}, true);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().kind(), ErrorKind::busy);
  EXPECT_THAT(ready.error().message(), HasSubstr(std::to_string(m_foreigner->pid())));
}

TEST_F(ServerTest, RefusesATakenPortBeforeItStartsAnything) {
  const auto other = net::Server::listen("127.0.0.1", m_port, {});
  ASSERT_TRUE(other) << other.error().message();
  const auto server = Server::launch(plan({"--grandchild", file("pid")}));
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind(), ErrorKind::busy);
  EXPECT_THAT(server.error().message(), HasSubstr(std::to_string(m_port)));
  EXPECT_FALSE(std::filesystem::exists(file("pid")));
}

TEST_F(ServerTest, AnAbsentProgramIsNotFound) {
  const auto server = Server::launch({.argv = {"no-such-engine-here"}, .port = m_port});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind(), ErrorKind::not_found);
}

TEST_F(ServerTest, SaysHowAProcessEndedAndKeepsItsLastWords) {
  auto server = Server::launch(plan({"--say", "reading weights", "--say", "out of memory", "--exit", "3"}));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = server->wait_ready(k_plenty, {});
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().kind(), ErrorKind::ended);
  EXPECT_THAT(ready.error().message(), HasSubstr("python3 ended with exit code 3 before it was ready"));
  EXPECT_THAT(server->last_lines(2), ElementsAre("reading weights", "out of memory"));
  ASSERT_TRUE(server->exit());
  EXPECT_EQ(server->exit()->code, 3);
}

// Waits until it listens, then lets the time be up: one last look at the port is taken then.
Result<Seconds> time_out(Server& server) {
  std::stop_source listening;
  const auto waited = server.wait_ready(k_plenty, listening.get_token(), [&] {
    if (ScriptedServer::said(server, "listening")) listening.request_stop();
  });
  EXPECT_EQ(waited ? ErrorKind::internal : waited.error().kind(), ErrorKind::cancelled);
  return server.wait_ready(Seconds(0), {});
}

TEST_F(ServerTest, ATimeoutNamesTheLastAnswer) {
  auto server = Server::launch(plan({"--unready", "-1"}, Kind::llama_server));
  ASSERT_TRUE(server) << server.error().message();
  const auto first = time_out(*server);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind(), ErrorKind::timeout);
  EXPECT_THAT(first.error().message(), HasSubstr("HTTP 503 at /health"));
}

TEST_F(ServerTest, AnEmptyListOfModelsIsNotReadyForVllm) {
  auto server = Server::launch(plan({"--no-model"}, Kind::vllm));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = time_out(*server);
  ASSERT_FALSE(ready);
  EXPECT_THAT(ready.error().message(), HasSubstr("no model is listed"));
}

TEST_F(ServerTest, ATimeoutNamesThePortThatTheEngineListensOnInstead) {
  auto elsewhere = plan({});
  const auto asked = os::pick_free_port();
  ASSERT_TRUE(asked);
  elsewhere.port = *asked;
  auto server = Server::launch(elsewhere);
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = time_out(*server);
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().kind(), ErrorKind::timeout);
  EXPECT_THAT(ready.error().message(), HasSubstr("nobody listens on port " + std::to_string(*asked)));
  EXPECT_THAT(ready.error().message(), HasSubstr("listens on port " + std::to_string(m_port) + " instead"));
}

TEST_F(ServerTest, AStopRequestEndsTheWait) {
  auto server = Server::launch(plan({"--listen-when", file("never")}));
  ASSERT_TRUE(server) << server.error().message();
  std::stop_source stop;
  const auto ready = server->wait_ready(k_plenty, stop.get_token(), [&] { stop.request_stop(); });
  ASSERT_FALSE(ready);
  EXPECT_EQ(ready.error().kind(), ErrorKind::cancelled);
}

TEST_F(ServerTest, StopEndsWhatIgnoresSigtermAndWhatLeftTheSession) {
  auto server = Server::launch(plan({"--grandchild", file("pid"), "--ignore-term", "--child-listens"}));
  ASSERT_TRUE(server) << server.error().message();
  ASSERT_TRUE(server->wait_ready(k_plenty, {}));
  const auto pids = pids_of(*server);
  const pid_t grandchild = pid_in(file("pid"));
  EXPECT_THAT(pids, Contains(grandchild));
  EXPECT_GE(pids.size(), 3U);
  const auto stopped = server->stop(Seconds(0.05));
  EXPECT_TRUE(stopped) << stopped.error().message();
  expect_gone(pids);
  EXPECT_TRUE(os::port_is_free(m_port));
  EXPECT_TRUE(server->stop(Seconds(0.05))) << "a second stop has nothing to do";
}

TEST_F(ServerTest, AGrandchildOfAnEngineThatDiedIsEndedToo) {
  std::set<pid_t> pids;
  {
    auto server = Server::launch(plan({"--grandchild", file("pid"), "--exit", "3"}));
    ASSERT_TRUE(server) << server.error().message();
    const auto ready = server->wait_ready(k_plenty, {});
    ASSERT_FALSE(ready);
    EXPECT_EQ(ready.error().kind(), ErrorKind::ended);
    pids = pids_of(*server);
    EXPECT_THAT(pids, Contains(pid_in(file("pid"))));
  }
  expect_gone(pids);
}

TEST_F(ServerTest, TheDestructorEndsARunningServer) {
  std::set<pid_t> pids;
  {
    auto server = Server::launch(plan({}));
    ASSERT_TRUE(server) << server.error().message();
    ASSERT_TRUE(server->wait_ready(k_plenty, {}));
    pids = pids_of(*server);
    EXPECT_FALSE(server->exit());
  }
  EXPECT_FALSE(pids.empty());
  expect_gone(pids);
  EXPECT_TRUE(os::port_is_free(m_port));
}

TEST_F(ServerTest, AsksForOneToken) {
  auto server = Server::launch(plan({}, Kind::vllm));
  ASSERT_TRUE(server) << server.error().message();
  const auto ready = server->wait_ready(k_plenty, {});
  ASSERT_TRUE(ready) << ready.error().message();
  const auto token = server->first_token(k_plenty);
  ASSERT_TRUE(token.at) << token.why;
  EXPECT_GE(*token.at, *ready);
}

TEST_F(ServerTest, SaysWhyThereIsNoToken) {
  auto server = Server::launch(plan({"--no-completions"}, Kind::vllm));
  ASSERT_TRUE(server) << server.error().message();
  ASSERT_TRUE(server->wait_ready(k_plenty, {}));
  const auto token = server->first_token(k_plenty);
  EXPECT_FALSE(token.at);
  EXPECT_THAT(token.why, HasSubstr("HTTP 404 at /v1/completions"));
}

TEST_F(ServerTest, StampsOfLinesRiseAndEndBeforeReady) {
  auto server = Server::launch(plan({"--say", "one", "--say", "two"}));
  ASSERT_TRUE(server) << server.error().message();
  ASSERT_TRUE(server->wait_ready(k_plenty, {}));
  const auto lines = server->lines();
  ASSERT_GE(lines.size(), 4U);
  EXPECT_EQ(lines[0].text, "one");
  EXPECT_EQ(lines[1].text, "two");
  EXPECT_GT(lines[0].at.count(), 0);
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT_LE(lines[i - 1].at, lines[i].at);
}

TEST_F(ServerTest, CountsWhatTheTreeReads) {
  auto server = Server::launch(plan({}));
  ASSERT_TRUE(server) << server.error().message();
  ASSERT_TRUE(server->wait_ready(k_plenty, {}));
  const auto first = server->usage();
  ASSERT_TRUE(first.storage_read_bytes);
  EXPECT_TRUE(server->stop(Seconds(1)));
  const auto last = server->usage();
  ASSERT_TRUE(last.storage_read_bytes);
  EXPECT_GE(*last.storage_read_bytes, *first.storage_read_bytes) << "figures of ended processes are kept";
}

}  // namespace
}  // namespace stoker::engine
