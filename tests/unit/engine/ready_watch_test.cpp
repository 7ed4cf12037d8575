#include "stoker/engine/ready_watch.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "stoker/net/http_server.hpp"
#include "stoker/os/sockets.hpp"

namespace stoker::engine {
namespace {

// Waits for what another thread brings about; the bound only ends a test that has failed.
template <class Condition>
bool comes_true(Condition condition) {
  const os::Stamp begun = os::now();
  while (!condition())
    if (os::since(begun) > Seconds(20)) return false;
  return true;
}

TEST(ReadyWatch, StampsTheAnswerThatBeganTheReadiness) {
  const std::uint16_t port = os::pick_free_port().value();
  std::atomic<int> status{503};
  const auto server = net::Server::listen("127.0.0.1", port, {{"/health", [&] { return net::Answer{status, "{}"}; }}});
  ASSERT_TRUE(server) << server.error().message();
  const ReadyWatch watch({{"/health"}, false, false}, port);
  ASSERT_TRUE(comes_true([&] { return watch.saw() == "HTTP 503 at /health"; })) << watch.saw();
  EXPECT_FALSE(watch.ready_since());
  const os::Stamp switched = os::now();
  status = 200;
  ASSERT_TRUE(comes_true([&] { return watch.ready_since().has_value(); }));
  const auto first = watch.ready_since();
  EXPECT_GE(*first, switched);
  EXPECT_LE(*first, os::now());
  EXPECT_EQ(watch.ready_since(), first);
}

TEST(ReadyWatch, AnAnswerThatIsTakenBackCountsNoMore) {
  const std::uint16_t port = os::pick_free_port().value();
  std::atomic<int> status{200};
  const auto server = net::Server::listen("127.0.0.1", port, {{"/health", [&] { return net::Answer{status, "{}"}; }}});
  ASSERT_TRUE(server) << server.error().message();
  const ReadyWatch watch({{"/health"}, false, false}, port);
  ASSERT_TRUE(comes_true([&] { return watch.ready_since().has_value(); }));
  status = 503;
  EXPECT_TRUE(comes_true([&] { return !watch.ready_since().has_value(); }));
}

TEST(ReadyWatch, NobodyListening) {
  const ReadyWatch watch({{"/health"}, false, false}, os::pick_free_port().value());
  ASSERT_TRUE(comes_true([&] { return !watch.saw().empty(); }));
  EXPECT_FALSE(watch.ready_since());
}

}  // namespace
}  // namespace stoker::engine
