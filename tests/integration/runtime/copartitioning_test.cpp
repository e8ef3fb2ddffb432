// SPDX-License-Identifier: Apache-2.0
// Joins whose sub-topologies read each other's internal topics, on several partitions and threads.
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/kgrouped_table.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;
using Rows = std::map<S, S>;

// For tests of counts and lists, which change if a rebalance repeats records. The rows of a foreign-key join do not
// change, so its test runs under both guarantees.
const S kExactlyOnce = "exactly_once_v2";
const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

struct Joins : World {
  S left = topic("left", 3);
  S right = topic("right", 3);
  S out = topic("out", 3);
  S id = unique("app");
  TempDir state;

  [[nodiscard]] StreamsConfig settings(const S& guarantee) const {
    return config(id, guarantee, state.path()).set("num.stream.threads", "2");
  }
  void lose_state() const {
    for (const auto& entry : std::filesystem::directory_iterator(state.path())) {
      std::filesystem::remove_all(entry.path());
    }
  }
  /// The table that results from all output records.
  [[nodiscard]] Rows table() const {
    Rows rows;
    for (const Row& row : read(out)) {
      if (row.value) {
        rows[*row.key] = *row.value;
      } else {
        rows.erase(*row.key);
      }
    }
    return rows;
  }
  /// The output records as `key:value`, sorted.
  [[nodiscard]] std::vector<S> all(std::size_t count) const {
    std::vector<S> result;
    for (const Row& row : read_count(out, count)) result.push_back(*row.key + ":" + row.value.value_or("null"));
    std::ranges::sort(result);
    return result;
  }
  /// Runs the application while `work` writes input and reads output.
  template <class F>
  void run(const Topology& topology, const StreamsConfig& config, F work) const {
    App app(*this, topology, config);
    app.run_until_running();
    work();
    BOOST_CHECK(app.streams.close(kPatience));
    BOOST_TEST(app.failures().empty());
  }
  void check_refused(const Topology& topology, const std::vector<S>& words) const {
    App app(*this, topology, settings("at_least_once"));
    BOOST_CHECK_EXCEPTION(app.start(), TopologyException, [&](const TopologyException& error) {
      const S text = error.what();
      return std::ranges::all_of(words, [&](const S& word) {
        const bool has = text.find(word) != S::npos;
        BOOST_CHECK_MESSAGE(has, "no '" << word << "' in: " << text);
        return has;
      });
    });
  }
};

S n(int number) { return std::to_string(number); }

/// Orders with the names of their customers.
Topology orders(const Joins& world) {
  StreamsBuilder builder;
  builder.table<S, S>(world.left, Materialized::as("orders"))
      .join(
          builder.table<S, S>(world.right, Materialized::as("customers")), [](const S& customer) { return customer; },
          [](const S& customer, const S& name) { return customer + "=" + name; }, TableJoined::as("named"))
      .to_stream()
      .to(world.out);
  return builder.build();
}

BOOST_FIXTURE_TEST_SUITE(Copartitioning, Joins)

BOOST_DATA_TEST_CASE(a_foreign_key_join_uses_its_own_internal_topics, kGuarantees, guarantee) {
  const Topology topology = orders(*this);
  Rows expected;
  run(topology, settings(guarantee), [&] {
    std::vector<Input> customers;
    std::vector<Input> rows;
    for (int c = 0; c < 5; ++c) customers.push_back({"c" + n(c), "name" + n(c)});
    for (int o = 0; o < 30; ++o) {
      rows.push_back({"o" + n(o), "c" + n(o % 6)});  // c5 has no name yet
      if (o % 6 != 5) expected["o" + n(o)] = "c" + n(o % 6) + "=name" + n(o % 6);
    }
    write(right, customers);
    write(left, rows);
    wait_until("all orders are named", [&] { return table() == expected; });
  });
  run(topology, settings(guarantee), [&] {
    write(right, {{"c5", "late", 2000}, {"c0", "new", 2000}, {"c1", {}, 2000}});
    for (int o = 0; o < 30; ++o) {
      if (o % 6 == 5) expected["o" + n(o)] = "c5=late";
      if (o % 6 == 0) expected["o" + n(o)] = "c0=new";
      if (o % 6 == 1) expected.erase("o" + n(o));
    }
    wait_until("changes of customers reach their orders", [&] { return table() == expected; });
  });
  lose_state();
  run(topology, settings(guarantee), [&] {
    write(left, {{"o2", "c0", 3000}, {"o3", {}, 3000}, {"o30", "c5", 3000}});
    expected["o2"] = "c0=new";
    expected.erase("o3");
    expected["o30"] = "c5=late";
    wait_until("orders move to other customers", [&] { return table() == expected; });
    write(right, {{"c0", "newer", 4000}});
    for (int o = 0; o < 30; o += 6) expected["o" + n(o)] = "c0=newer";
    expected["o2"] = "c0=newer";
    wait_until("the moved order changes too", [&] { return table() == expected; });
  });
  const auto partitions = [&](const S& topic) { return admin->describe_topic(topic, kPatience).value().partitions; };
  BOOST_TEST(partitions(id + "-named-subscription-registration-topic") == 3);
  BOOST_TEST(partitions(id + "-named-subscription-response-topic") == 3);
}

// The setting `partitioner` is for the user's topics, not for repartition topics.
BOOST_AUTO_TEST_CASE(counts_each_key_in_one_task_though_the_partitioner_is_random) {
  StreamsBuilder builder;
  builder.stream<S, S>(left).group_by([](const S& value) { return value; }).count().to_stream().to(out);
  std::vector<Input> values;
  for (int i = 0; i < 200; ++i) values.push_back({"k" + n(i), "v" + n(i % 50)});
  run(builder.build(), settings(kExactlyOnce).set("producer.partitioner", "random"), [&] {
    write(left, values);
    (void)read_count(out, 200);
  });
  // The output topic is a user's topic. So several partitions may have counts of one key, in any order.
  for (auto& [key, numbers] : counts(read(out))) {
    auto sorted = numbers;
    std::ranges::sort(sorted);
    BOOST_TEST(sorted == (std::vector<std::int64_t>{1, 2, 3, 4}), boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_stream_joins_its_rekeyed_self) {
  // Records are edges from key to value. The join makes paths of two edges.
  StreamsBuilder builder;
  const auto edges = builder.stream<S, S>(left);
  const auto into = edges.map([](const S& from, const S& to) { return std::pair<S, S>(to, from); });
  edges
      .join(
          into, [](const S& to, const S& from) { return from + ">" + to; },
          JoinWindows::of_time_difference_and_grace(Millis(60'000), Millis(60'000)))
      .to(out);
  const Topology topology = builder.build();
  std::vector<S> expected;
  const auto expect = [&](int first_step, int second_step) {
    for (int i = 0; i < 10; ++i)
      expected.push_back(n(i) + ":" + n((i + 10 - first_step) % 10) + ">" + n((i + second_step) % 10));
    std::ranges::sort(expected);
  };
  const auto edges_of = [](int step) {
    std::vector<Input> records;
    for (int i = 0; i < 10; ++i) records.push_back({n(i), n((i + step) % 10), 1000 + i});
    return records;
  };
  run(topology, settings(kExactlyOnce), [&] {
    write(left, edges_of(1));
    expect(1, 1);
    BOOST_TEST(all(expected.size()) == expected, boost::test_tools::per_element());
  });
  lose_state();
  run(topology, settings(kExactlyOnce), [&] {
    write(left, edges_of(3));
    expect(1, 3);
    expect(3, 1);
    expect(3, 3);
    BOOST_TEST(all(expected.size()) == expected, boost::test_tools::per_element());
  });
  BOOST_TEST(all(expected.size()) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_table_is_joined_with_its_own_aggregation) {
  // Records are members with their leaders. A leader is a member too. The join adds to each leader the size of the
  // team.
  StreamsBuilder builder;
  const auto members = builder.table<S, S>(left, Materialized::as("members"));
  const auto sizes = members.group_by([](const S& member, const S& leader) { return std::pair<S, S>(leader, member); })
                         .count(Materialized::as("sizes"));
  members.join(sizes, [](const S& leader, std::int64_t size) { return leader + "/" + std::to_string(size); })
      .to_stream()
      .to(out);
  const Topology topology = builder.build();
  Rows expected;
  run(topology, settings(kExactlyOnce), [&] {
    std::vector<Input> rows;
    for (int m = 0; m < 30; ++m) rows.push_back({n(m), n(m % 3)});
    write(left, rows);
    for (int leader = 0; leader < 3; ++leader) expected[n(leader)] = n(leader) + "/10";
    wait_until("all members are counted", [&] { return table() == expected; });
  });
  lose_state();
  run(topology, settings(kExactlyOnce), [&] {
    write(left, {{"3", "1", 2000}, {"4", {}, 2000}, {"5", "7", 2000}});
    expected = {{"0", "0/9"}, {"1", "1/10"}, {"2", "2/9"}, {"7", "1/1"}};
    wait_until("members that moved are counted again", [&] { return table() == expected; });
  });
}

BOOST_AUTO_TEST_CASE(topics_with_unequal_partitions_are_refused_naming_the_join) {
  const S few = topic("few", 2);
  StreamsBuilder builder;
  const auto join = [&](const KStream<S, S>& stream, const S& with, const S& name) {
    stream
        .join(
            builder.stream<S, S>(with), [](const S& l, const S& r) { return l + r; },
            JoinWindows::of_time_difference_with_no_grace(Millis(1000)), StreamJoined().with_name(name))
        .to(out);
  };
  join(builder.stream<S, S>(left), few, "pairs");
  check_refused(builder.build(), {"'" + left + "' (3", "'" + few + "' (2", "'pairs-merge'", "repartition"});
}

BOOST_AUTO_TEST_CASE(topics_joined_with_one_rekeyed_stream_need_equal_partitions) {
  const S few = topic("few", 2);
  StreamsBuilder builder;
  const auto re_keyed = builder.stream<S, S>(left).select_key([](const S&, const S& value) { return value; });
  for (const S& with : {right, few}) {
    re_keyed
        .join(
            builder.stream<S, S>(with), [](const S& l, const S& r) { return l + r; },
            JoinWindows::of_time_difference_with_no_grace(Millis(1000)))
        .to(out);
  }
  check_refused(builder.build(), {"'" + right + "' (3", "'" + few + "' (2", "repartition"});
}

BOOST_AUTO_TEST_CASE(an_internal_topic_with_other_partitions_is_refused) {
  create(id + "-named-subscription-response-topic", 2);
  check_refused(orders(*this), {id + "-named-subscription-response-topic", "2 partitions", "3"});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
