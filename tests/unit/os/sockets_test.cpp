#include "stoker/os/sockets.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stoker/os/fd.hpp"
#include "unit/os/scratch.hpp"

namespace stoker::os {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Bound {
  Fd fd;
  std::uint16_t port = 0;
};

sockaddr_in address_of(std::uint32_t address, std::uint16_t port) {
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(address);
  return where;
}

// As vLLM binds: both reuse options, long before it listens.
Bound bind_as_vllm(std::uint32_t address, std::uint16_t port = 0) {
  Bound bound{Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), 0};
  const int on = 1;
  ::setsockopt(bound.fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(bound.fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  sockaddr_in where = address_of(address, port);
  socklen_t length = sizeof where;
  EXPECT_EQ(::bind(bound.fd.get(), reinterpret_cast<const sockaddr*>(&where), length), 0);
  EXPECT_EQ(::getsockname(bound.fd.get(), reinterpret_cast<sockaddr*>(&where), &length), 0);
  bound.port = ntohs(where.sin_port);
  return bound;
}

// A listener that served one connection and closed it first: its side of it stays in TIME_WAIT.
std::uint16_t leave_time_wait() {
  const Bound server = bind_as_vllm(INADDR_LOOPBACK);
  EXPECT_EQ(::listen(server.fd.get(), 1), 0);
  const Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in where = address_of(INADDR_LOOPBACK, server.port);
  EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  Fd accepted(::accept4(server.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_TRUE(accepted.close());
  char byte = 0;
  EXPECT_EQ(::read(client.get(), &byte, 1), 0);
  return server.port;
}

TEST(Listeners, OfBothFamiliesAndOnlyListening) {
  EXPECT_THAT(listeners(8000, 0, fixture("bare-nvme")), ElementsAre(5001U, 5002U));
  EXPECT_THAT(listeners(8001, 0, fixture("bare-nvme")), IsEmpty());
  EXPECT_THAT(listeners(8000, 0, fixture("no-sys")), IsEmpty());
  EXPECT_THAT(holders_of_sockets({5002}, fixture("bare-nvme")), ElementsAre(4242));
  EXPECT_THAT(holders_of_sockets({5003}, fixture("bare-nvme")), IsEmpty());
}

TEST(Listeners, SeeOurOwn) {
  const Bound bound = bind_as_vllm(INADDR_LOOPBACK);
  EXPECT_THAT(listeners(bound.port), IsEmpty()) << "bound is not listening";
  ASSERT_EQ(::listen(bound.fd.get(), 1), 0);
  const auto inodes = listeners(bound.port, ::getpid());
  ASSERT_EQ(inodes.size(), 1U);
  EXPECT_THAT(holders_of_sockets(inodes), Contains(::getpid()));
}

TEST(PortIsFree, NobodyThere) {
  const auto port = pick_free_port();
  ASSERT_TRUE(port);
  const auto free = port_is_free(*port);
  EXPECT_TRUE(free) << free.error().message();
}

TEST(PortIsFree, AListenerIsNamed) {
  const Bound bound = bind_as_vllm(INADDR_ANY);
  ASSERT_EQ(::listen(bound.fd.get(), 1), 0);
  const auto free = port_is_free(bound.port);
  ASSERT_FALSE(free);
  EXPECT_EQ(free.error().kind(), ErrorKind::busy);
  EXPECT_THAT(free.error().message(), HasSubstr("pid " + std::to_string(::getpid())));
}

TEST(PortIsFree, AListenerOnIpv6OnlyCounts) {
  const Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) GTEST_SKIP() << "no IPv6 here";
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  sockaddr_in6 where{};
  where.sin6_family = AF_INET6;
  where.sin6_addr = in6addr_loopback;
  socklen_t length = sizeof where;
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), length) != 0 || ::listen(fd.get(), 1) != 0) GTEST_SKIP() << "no IPv6 here";
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&where), &length);
  EXPECT_FALSE(port_is_free(ntohs(where.sin6_port)));
}

TEST(PortIsFree, BoundWithoutListeningIsTaken) {
  for (const std::uint32_t address : {INADDR_ANY, INADDR_LOOPBACK}) {
    const Bound bound = bind_as_vllm(address);
    const auto free = port_is_free(bound.port);
    ASSERT_FALSE(free);
    EXPECT_EQ(free.error().kind(), ErrorKind::busy);
    EXPECT_THAT(free.error().message(), HasSubstr(std::to_string(bound.port)));
  }
}

TEST(PortIsFree, TimeWaitDoesNotCount) {
  const std::uint16_t port = leave_time_wait();
  const auto free = port_is_free(port);
  EXPECT_TRUE(free) << free.error().message();
}

TEST(PortIsFree, BoundAmongTimeWaitIsTaken) {
  const std::uint16_t port = leave_time_wait();
  const Bound bound = bind_as_vllm(INADDR_ANY, port);
  EXPECT_FALSE(port_is_free(port));
}

}  // namespace
}  // namespace stoker::os
