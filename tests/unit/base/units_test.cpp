#include "stoker/base/units.hpp"

#include <gtest/gtest.h>

#include <random>

namespace stoker {
namespace {

TEST(ParseBytes, KnowsBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_bytes("4096").value(), 4096U);
  EXPECT_EQ(parse_bytes("512MiB").value(), 512 * k_mib);
  EXPECT_EQ(parse_bytes("2GB").value(), 2'000'000'000U);
  EXPECT_EQ(parse_bytes("1.5 GiB").value(), 3 * k_gib / 2);
  EXPECT_EQ(parse_bytes("0").value(), 0U);
}

TEST(ParseBytes, RefusesEverythingElse) {
  for (const char* text : {"", " ", "-1", "MiB", "1XB", "1 MiB x", "nan", "inf", "1e3", "0x10", "99999999999999999999", "9000000TiB", "1,5GiB"}) {
    const auto bytes = parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().kind(), ErrorKind::usage) << text;
  }
}

TEST(ParseDuration, SecondsWhenLeftOut) {
  EXPECT_DOUBLE_EQ(parse_duration("2.5").value().count(), 2.5);
  EXPECT_DOUBLE_EQ(parse_duration("5ms").value().count(), 0.005);
  EXPECT_DOUBLE_EQ(parse_duration("2m").value().count(), 120);
  EXPECT_DOUBLE_EQ(parse_duration("1h").value().count(), 3600);
  EXPECT_FALSE(parse_duration("-1s"));
  EXPECT_FALSE(parse_duration("soon"));
}

TEST(ParseRate, IsBytesPerSecond) {
  EXPECT_EQ(parse_rate("200MiB/s").value(), 200 * k_mib);
  EXPECT_EQ(parse_rate("1MB").value(), 1'000'000U);
  EXPECT_FALSE(parse_rate("/s"));
  EXPECT_FALSE(parse_rate("fast"));
}

TEST(Format, ThreeDigits) {
  EXPECT_EQ(format_bytes(17), "17 B");
  EXPECT_EQ(format_bytes(3 * k_gib / 2), "1.50 GiB");
  EXPECT_EQ(format_bytes(912 * k_mib), "912 MiB");
  EXPECT_EQ(format_bytes(1024 * k_mib - 1), "1.00 GiB");
  EXPECT_EQ(format_rate(3.47e9), "3.47 GB/s");
  EXPECT_EQ(format_duration(Seconds(91.84)), "91.8 s");
  EXPECT_EQ(format_duration(Seconds(0.312)), "312 ms");
  EXPECT_EQ(format_duration(Seconds(17e-6)), "17 us");
}

TEST(Format, WhatIsWrittenReadsBackWithinItsDigits) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 1000; ++i) {
    const Bytes bytes = random() >> (random() % 40 + 14);
    const auto read = parse_bytes(format_bytes(bytes));
    ASSERT_TRUE(read) << format_bytes(bytes);
    EXPECT_NEAR(static_cast<double>(*read), static_cast<double>(bytes), static_cast<double>(bytes) * 0.006) << bytes;
  }
}

}  // namespace
}  // namespace stoker
