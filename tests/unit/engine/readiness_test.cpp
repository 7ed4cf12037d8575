#include "stoker/engine/readiness.hpp"

#include <gmock/gmock.h>

#include "stoker/net/http_server.hpp"
#include "unit/engine/scripted_server.hpp"

namespace stoker::engine {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using Verdict = PortOwners::Verdict;

TEST(FirstModelTest, TakesTheFirstId) {
  EXPECT_EQ(first_model(R"({"object":"list","data":[{"id":"org/a","object":"model"},{"id":"b"}]})").value(), "org/a");
}

TEST(FirstModelTest, RefusesEverythingElse) {
  for (const char* body : {"", "null", "[]", "{}", R"({"data":{}})", R"({"data":[]})", R"({"data":[1]})", R"({"data":[{"id":7}]})",
                           R"({"data":[{"name":"a"}]})", "<html>", R"({"data":[{"id":"a")"}) {
    const auto model = first_model(body);
    ASSERT_FALSE(model) << body;
    EXPECT_EQ(model.error().kind(), ErrorKind::invalid) << body;
  }
}

// A server in this very process: what it owns is what `members` says.
class PortOwnersTest : public ScriptedServer {
protected:
  Verdict look(PortOwners& owners, std::vector<pid_t> members) {
    return owners.look({.port = m_port}, [&] {
      ++m_asked;
      return members;
    });
  }
  void listen() {
    auto server = net::Server::listen("127.0.0.1", m_port, {{"/health", [] { return net::Answer{200, "{}"}; }}});
    ASSERT_TRUE(server) << server.error().message();
    m_server.emplace(std::move(*server));
  }
  std::optional<net::Server> m_server;
  int m_asked = 0;
};

TEST_F(PortOwnersTest, NobodyListens) {
  PortOwners owners;
  EXPECT_EQ(look(owners, {::getpid()}), Verdict::nobody);
  EXPECT_EQ(m_asked, 0) << "nobody needs to know the processes yet";
}

TEST_F(PortOwnersTest, TheOwnerOfAKnownSocketIsNotLookedUpAgain) {
  listen();
  PortOwners owners;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(look(owners, {::getpid()}), Verdict::ours);
  EXPECT_EQ(m_asked, 1);
}

TEST_F(PortOwnersTest, ForeignIsSaidAtTheSecondLook) {
  listen();
  PortOwners owners;
  EXPECT_EQ(look(owners, {1}), Verdict::nobody);
  EXPECT_EQ(look(owners, {1}), Verdict::foreign);
  EXPECT_THAT(owners.foreigner(), HasSubstr(std::to_string(::getpid())));
}

TEST_F(PortOwnersTest, AProcessThatWasMissedOnceIsOurs) {
  listen();
  PortOwners owners;
  EXPECT_EQ(look(owners, {}), Verdict::nobody);
  EXPECT_EQ(look(owners, {::getpid()}), Verdict::ours);
}

TEST_F(PortOwnersTest, AListenerThatWentAwayIsForgotten) {
  listen();
  PortOwners owners;
  EXPECT_EQ(look(owners, {::getpid()}), Verdict::ours);
  m_server.reset();
  EXPECT_EQ(look(owners, {::getpid()}), Verdict::nobody);
}

TEST_F(PortOwnersTest, PortsOfAProcess) {
  listen();
  EXPECT_THAT(ports_of({::getpid()}), Contains(m_port));
  EXPECT_TRUE(ports_of({}).empty());
}

class AskReadyTest : public ScriptedServer {
protected:
  Asked ask(const Readiness& readiness, net::Routes routes) {
    const auto server = net::Server::listen("127.0.0.1", m_port, std::move(routes));
    EXPECT_TRUE(server) << server.error().message();
    return ask_ready(readiness, m_port, k_plenty);
  }
  static net::Routes::value_type route(const std::string& path, int status, const std::string& body) {
    return {path, [=] { return net::Answer{status, body}; }};
  }
};

TEST_F(AskReadyTest, AnyPathThatAnswers200) {
  EXPECT_TRUE(ask({.paths = {"/health", "/v1/models"}}, {route("/v1/models", 200, "not even JSON")}).ready);
  EXPECT_TRUE(ask({.paths = {"/health", "/v1/models"}}, {route("/health", 200, "")}).ready);
  const auto neither = ask({.paths = {"/health", "/v1/models"}}, {route("/health", 503, "{}")});
  EXPECT_FALSE(neither.ready);
  EXPECT_THAT(neither.saw, HasSubstr("HTTP 404 at /v1/models"));
}

TEST_F(AskReadyTest, AModelMustBeListedWhereOneIsWanted) {
  const Readiness readiness{.paths = {"/v1/models"}, .wants_model_listed = true};
  EXPECT_TRUE(ask(readiness, {route("/v1/models", 200, R"({"data":[{"id":"a"}]})")}).ready);
  const auto empty = ask(readiness, {route("/v1/models", 200, R"({"data":[]})")});
  EXPECT_FALSE(empty.ready);
  EXPECT_THAT(empty.saw, HasSubstr("no model is listed"));
}

TEST_F(AskReadyTest, NobodyAnswers) {
  const auto asked = ask_ready({.paths = {"/health"}}, m_port, k_plenty);
  EXPECT_FALSE(asked.ready);
  EXPECT_FALSE(asked.timed_out);
  EXPECT_THAT(asked.saw, HasSubstr("/health"));
}

}  // namespace
}  // namespace stoker::engine
