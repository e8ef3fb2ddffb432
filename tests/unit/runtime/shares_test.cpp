// SPDX-License-Identifier: Apache-2.0
// How the memory limits of an application are divided among its threads.
#define BOOST_TEST_DYN_LINK
#include "runtime/thread/shares.hpp"

#include <boost/test/unit_test.hpp>

#include "unit/runtime/planned.hpp"

namespace millrace::detail {
namespace {

Topology topology(bool streams, bool global_stores) {
  StreamsBuilder builder;
  if (streams) stream(builder, "in").to("out");
  if (global_stores) (void)builder.global_table<std::string, std::string>("everywhere");
  return builder.build();
}

StreamsConfig config(const std::string& threads, const std::string& key, const std::string& value) {
  StreamsConfig config;
  config.set("num.stream.threads", threads).set(key, value);
  return config;
}

BOOST_AUTO_TEST_SUITE(MemoryShares)

BOOST_AUTO_TEST_CASE(are_equal_for_stream_threads_and_the_global_thread) {
  const auto uncommitted = config("3", "statestore.uncommitted.max.bytes", "1200");
  BOOST_TEST(uncommitted_share(uncommitted, topology(true, false).internal()).value() == 400U);
  BOOST_TEST(uncommitted_share(uncommitted, topology(true, true).internal()).value() == 300U);
  const auto cache = config("3", "statestore.cache.max.bytes", "1200");
  BOOST_TEST(cache_share(cache, topology(true, false).internal()) == 400U);
  BOOST_TEST(cache_share(cache, topology(true, true).internal()) == 300U);
}

BOOST_AUTO_TEST_CASE(go_to_the_global_thread_if_there_are_no_streams) {
  const auto uncommitted = config("3", "statestore.uncommitted.max.bytes", "1200");
  BOOST_TEST(stream_threads(uncommitted, topology(false, true).internal()) == 0);
  BOOST_TEST(uncommitted_share(uncommitted, topology(false, true).internal()).value() == 1200U);
}

BOOST_AUTO_TEST_CASE(are_unlimited_for_uncommitted_writes_if_the_limit_is_0_or_less) {
  for (const auto* const none : {"-1", "0"}) {
    const auto unlimited = config("1", "statestore.uncommitted.max.bytes", none);
    BOOST_TEST(!uncommitted_share(unlimited, topology(true, false).internal()).has_value());
  }
}

BOOST_AUTO_TEST_CASE(divide_4_mb_for_uncommitted_writes_by_default) {
  BOOST_TEST(uncommitted_share(StreamsConfig(), topology(true, false).internal()).value() == std::size_t{4} << 20);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::detail
