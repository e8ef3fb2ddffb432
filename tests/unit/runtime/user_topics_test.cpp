// SPDX-License-Identifier: Apache-2.0
// Topics that the user must create before the application starts.
#define BOOST_TEST_DYN_LINK
#include "runtime/plan/user_topics.hpp"

#include <boost/test/unit_test.hpp>

#include "unit/runtime/planned.hpp"

namespace millrace::detail {
namespace {

using S = std::string;

/// The text of the refusal; empty if the topology is accepted.
S refusal(const Topology& topology, FakeAdmin& admin, const S& address, const S& dead_letters = {}) {
  StreamsConfig config;
  config.set("application.id", "app");
  if (!dead_letters.empty()) config.set("errors.dead.letter.queue.topic.name", dead_letters);
  try {
    require_topics(topology.internal(), config, admin, address, Millis(0));
    return {};
  } catch (const TopologyException& error) {
    return error.what();
  }
}

/// Reads `in` and the global table `names`, writes `out` and, through a repartition topic, `counts`.
Topology all_kinds() {
  StreamsBuilder builder;
  const auto names = builder.global_table<S, S>("names");
  const auto in = stream(builder, "in");
  in.to("out", Produced::as("results"));
  in.join(
        names, [](const S& key, const S&) { return key; }, [](const S& l, const S& r) { return l + r; })
      .to("out", Produced::as("more-results"));
  rekeyed(in).group_by_key().count().to_stream().to("counts");
  return builder.build();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(UserTopics)

BOOST_AUTO_TEST_CASE(are_all_named_in_one_message_with_the_command_that_makes_them) {
  FakeAdmin none;
  const S text = refusal(all_kinds(), none, "localhost:9092", "dead");
  for (const char* part :
       {"topics '", "'names' (source '", "'in' (source '", "'out' (sink 'results')", "'counts' (sink '",
        "'dead' (errors.dead.letter.queue.topic.name)", "do not exist. Create them", "topics create ", " dead ",
        "--partitions N --bootstrap-servers localhost:9092", "--create-topics=N"}) {
    BOOST_TEST(text.find(part) != S::npos, part << " is not in " << text);
  }
  // Internal topics are made by the application.
  BOOST_TEST(text.find("repartition") == S::npos);
  BOOST_TEST(text.find("more-results") == S::npos);  // the topic is named once
}

BOOST_AUTO_TEST_CASE(that_exist_are_not_named) {
  FakeAdmin some({{"names", 1}, {"in", 1}, {"counts", 1}});
  const S text = refusal(all_kinds(), some, "embedded:/data/dir");
  BOOST_TEST(text ==
             "topic 'out' (sink 'results') does not exist. Create it before the application starts: 'topics create out "
             "--partitions N --broker embedded:/data/dir', or start a program that is made with run_app once with "
             "--create-topics=N");
  FakeAdmin all({{"names", 1}, {"in", 1}, {"counts", 1}, {"out", 1}});
  BOOST_TEST(refusal(all_kinds(), all, "localhost:9092").empty());
}

BOOST_AUTO_TEST_CASE(that_records_or_patterns_choose_are_not_checked) {
  StreamsBuilder builder;
  builder.stream<S, S>(Pattern{"in-.*"}).to([](const S& key, const S&, const RecordContext&) { return key; });
  FakeAdmin none;
  BOOST_TEST(refusal(builder.build(), none, "localhost:9092").empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
