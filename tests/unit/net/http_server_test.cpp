#include "stoker/net/http_server.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "stoker/net/http_client.hpp"
#include "unit/net/raw_server.hpp"

namespace stoker::net {
namespace {

constexpr Seconds k_long{60};

// A port that was free a moment ago.
std::uint16_t free_port() {
  const RawServer server([](int) {});
  return server.port();
}

TEST(HttpServer, AnswersItsRoutes) {
  const std::uint16_t port = free_port();
  std::atomic<bool> ready = false;
  const auto server = Server::listen("127.0.0.1", port, {{"/health", [&] { return ready ? Answer{200, "{}"} : Answer{503, ""}; }}, {"/a.c", [] { return Answer{200, "1"}; }}});
  ASSERT_TRUE(server) << server.error().message();
  EXPECT_EQ(get({"127.0.0.1", port, "/health"}, k_long).value().status, 503);
  ready = true;
  EXPECT_EQ(get({"127.0.0.1", port, "/health"}, k_long).value().body, "{}");
  EXPECT_EQ(get({"127.0.0.1", port, "/abc"}, k_long).value().status, 404) << "a route is no pattern";
  EXPECT_EQ(get({"127.0.0.1", port, "/a.c"}, k_long).value().status, 200);
  EXPECT_EQ(post_json({"127.0.0.1", port, "/health"}, "{}", k_long).value().status, 404);
}

TEST(HttpServer, RefusesAPortThatSomebodyHas) {
  const RawServer other([](int) {});
  const auto server = Server::listen("127.0.0.1", other.port(), {});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().kind(), ErrorKind::busy);
}

TEST(HttpServer, TwoOfUsShareNoPort) {
  const std::uint16_t port = free_port();
  const auto first = Server::listen("127.0.0.1", port, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(Server::listen("127.0.0.1", port, {}).error().kind(), ErrorKind::busy);
}

TEST(HttpServer, RefusesAHostThatIsNone) {
  EXPECT_EQ(Server::listen("no such host", 1, {}).error().kind(), ErrorKind::invalid);
  EXPECT_EQ(Server::listen("192.0.2.1", free_port(), {}).error().kind(), ErrorKind::invalid);
}

TEST(HttpServer, EndsWhenItGoesAndCanBeMadeAgain) {
  const std::uint16_t port = free_port();
  for (int i = 0; i < 20; ++i) {
    auto server = Server::listen("127.0.0.1", port, {{"/", [] { return Answer{200, "x"}; }}});
    ASSERT_TRUE(server) << server.error().message();
    if (i % 2 == 0) {
      EXPECT_EQ(get({"127.0.0.1", port, "/"}, k_long).value().status, 200);
    }
    const Server moved = std::move(*server);
  }
  EXPECT_EQ(get({"127.0.0.1", port, "/"}, k_long).error().kind(), ErrorKind::unavailable);
}

TEST(HttpServer, AnswersManyAtOnce) {
  const std::uint16_t port = free_port();
  const auto server = Server::listen("127.0.0.1", port, {{"/", [] { return Answer{200, "x"}; }}});
  ASSERT_TRUE(server);
  std::atomic<int> good = 0;
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 16; ++i)
      askers.emplace_back([&] {
        const auto answer = get({"127.0.0.1", port, "/"}, k_long);
        if (answer && answer->status == 200) ++good;
      });
  }
  EXPECT_EQ(good, 16);
}

}  // namespace
}  // namespace stoker::net
