#include "stoker/net/http_client.hpp"

#include <gmock/gmock.h>

#include "unit/net/raw_server.hpp"

namespace stoker::net {
namespace {

using ::testing::HasSubstr;

constexpr Seconds k_long{60};

Target at(const RawServer& server, const std::string& path = "/health") { return {"127.0.0.1", server.port(), path}; }

TEST(HttpGet, GivesStatusAndBody) {
  RawServer server([](int peer) { RawServer::say(peer, "HTTP/1.1 503 Loading\r\nContent-Length: 4\r\n\r\nwait"); });
  const auto answer = get(at(server), k_long);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "wait");
  EXPECT_THAT(server.request(), HasSubstr("GET /health HTTP/1.1\r\n"));
}

TEST(HttpGet, FollowsNoRedirect) {
  RawServer server([](int peer) { RawServer::say(peer, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"); });
  EXPECT_EQ(get(at(server), k_long).value().status, 302);
}

TEST(HttpGet, RefusedIsUnavailable) {
  std::uint16_t port = 0;
  {
    const RawServer server([](int) {});
    port = server.port();
  }
  const auto answer = get({"127.0.0.1", port, "/"}, k_long);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind(), ErrorKind::unavailable);
}

TEST(HttpGet, ClosedWithoutAWordIsUnavailable) {
  const RawServer server([](int) {});
  EXPECT_EQ(get(at(server), k_long).error().kind(), ErrorKind::unavailable);
}

TEST(HttpGet, SilenceIsATimeout) {
  const RawServer server([](int peer) {
    char c = 0;
    while (::recv(peer, &c, 1, 0) > 0) {
    }
  });
  EXPECT_EQ(get(at(server), Seconds(0.05)).error().kind(), ErrorKind::timeout);
}

TEST(HttpGet, AServerThatDripsIsATimeoutToo) {
  for (const char* start : {"HTTP/1.1 200 OK\r\nX-Slow: ", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"}) {
    const RawServer server([start](int peer) {
      bool there = RawServer::say(peer, start);
      while (there) {
        there = RawServer::say(peer, "x");
        timeval pause{0, 5000};
        ::select(0, nullptr, nullptr, nullptr, &pause);  // the drip is what is tested
      }
    });
    EXPECT_EQ(get(at(server), Seconds(0.15)).error().kind(), ErrorKind::timeout);
  }
}

TEST(HttpGet, TakesNoMoreThanAMebibyte) {
  const RawServer server([](int peer) {
    bool there = RawServer::say(peer, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    while (there) there = RawServer::say(peer, std::string(65536, 'x'));
  });
  const auto answer = get(at(server), k_long);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body.size(), k_mib);
}

TEST(HttpGet, SurvivesNonsense) {
  for (const char* nonsense : {"\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", "\x16\x03\x01"}) {
    const RawServer server([nonsense](int peer) { RawServer::say(peer, nonsense); });
    const auto answer = get(at(server), k_long);
    EXPECT_TRUE(answer || answer.error().kind() == ErrorKind::unavailable) << nonsense;
  }
}

TEST(HttpPost, SendsJson) {
  RawServer server([](int peer) { RawServer::say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"); });
  EXPECT_EQ(post_json(at(server, "/v1/completions"), R"({"max_tokens":1})", k_long).value().body, "{}");
  EXPECT_THAT(server.request(), HasSubstr("POST /v1/completions HTTP/1.1\r\n"));
  EXPECT_THAT(server.request(), HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(server.request(), HasSubstr("Content-Length: 16\r\n"));
}

}  // namespace
}  // namespace stoker::net
