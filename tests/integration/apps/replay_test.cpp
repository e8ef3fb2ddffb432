// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "buy_signals/replay/replay.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <stop_token>
#include <utility>
#include <vector>

#include "buy_signals/model.hpp"
#include "buy_signals/tail/topic_tail.hpp"
#include "buy_signals/topics.hpp"
#include "support/temp_dir.hpp"

using namespace buy_signals;
using namespace std::chrono_literals;

namespace {

class Rows : public OrderedPrices {
 public:
  explicit Rows(std::vector<PriceRow> rows) : rows_(std::move(rows)) {}
  bool next(PriceRow& row) override {
    if (next_ == rows_.size()) return false;
    row = rows_[next_++];
    return true;
  }
  [[nodiscard]] std::uint64_t expected_rows() const override { return rows_.size(); }
  [[nodiscard]] const std::string& name() const override { return name_; }

 private:
  std::vector<PriceRow> rows_;
  std::size_t next_ = 0;
  std::string name_ = "the test's rows";
};

std::vector<PriceRow> rows(int count, const std::string& symbol = "X") {
  std::vector<PriceRow> result;
  for (int i = 0; i < count; ++i) {
    result.push_back({symbol, std::chrono::sys_days{2012y / 1 / 1} + std::chrono::days{i}, 1, 2, 0.5, 1.5, 10, {}, 0});
  }
  return result;
}

struct Fixture {
  millrace::TempDir directory;
  std::shared_ptr<millrace::Broker> broker = millrace::Broker::embedded((directory.path() / "broker").string());

  /// Rows are sent in batches of 10. `after_batch` gets the number of rows that are done.
  ReplaySummary replay(std::vector<PriceRow> source, const std::function<void(std::uint64_t)>& after_batch = {}) {
    Rows prices{std::move(source)};
    ReplayOptions options;
    options.batch_rows = 10;
    return replay_prices(broker, prices, options, stop.get_token(), after_batch);
  }

  std::stop_source stop;

  std::vector<std::string> ids_in_topic() {
    TopicTail tail{*broker, {topic::kPricelist}, TopicTail::From::beginning};
    std::vector<std::string> ids;
    while (!tail.caught_up()) {
      tail.poll(100ms, [&](const millrace::ConsumerRecord& record) {
        ids.push_back(observation_id(millrace::Serde<Price>().deserialize(record.value.value())));
      });
    }
    return ids;
  }
};

std::vector<std::string> ids_of(const std::vector<PriceRow>& rows) {
  std::vector<std::string> ids;
  for (const auto& row : rows) ids.push_back(observation_id(row));
  return ids;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(PriceReplay, Fixture)

BOOST_AUTO_TEST_CASE(sends_every_row_in_order_as_the_pipeline_expects_it) {
  const auto summary = replay(rows(25));
  BOOST_TEST(summary.rows == 25);
  BOOST_TEST(summary.complete);
  BOOST_TEST(ids_in_topic() == ids_of(rows(25)), boost::test_tools::per_element());

  TopicTail tail{*broker, {topic::kPricelist}, TopicTail::From::beginning};
  tail.poll(5s, [](const millrace::ConsumerRecord& record) {
    if (record.offset != 0) return;
    BOOST_TEST(record.key.value() == "X");
    BOOST_TEST(record.value.value() ==
               R"({"symbol":"X","time":"2012-01-01","open":1.0,"high":2.0,"low":0.5,"close":1.5,"volume":10})");
    BOOST_TEST(record.timestamp == 1325376000000);
  });
}

BOOST_AUTO_TEST_CASE(makes_its_topic_with_one_partition_that_keeps_old_records) {
  replay(rows(1));
  const auto admin = broker->make_admin();
  BOOST_TEST(admin->describe_topic(topic::kPricelist, kBrokerTimeout).value().partitions == 1);
  BOOST_TEST(admin->topic_config(topic::kPricelist, false, kBrokerTimeout).at("retention.ms") == "-1");
}

BOOST_AUTO_TEST_CASE(warns_of_a_topic_that_deletes_old_records) {
  const auto admin = broker->make_admin();
  admin->create_topic(
      {.name = "week", .partitions = 1, .replication_factor = -1, .configs = {{"retention.ms", "604800000"}}},
      kBrokerTimeout);
  admin->create_topic({.name = "compacted",
                       .partitions = 1,
                       .replication_factor = -1,
                       .configs = {{"retention.ms", "604800000"}, {"cleanup.policy", "compact"}}},
                      kBrokerTimeout);
  create_missing_topics(*broker, {"ours"});
  BOOST_TEST(retention_warning(*broker, "week").find("topic week has retention.ms=604800000") == 0);
  BOOST_TEST(retention_warning(*broker, "compacted") == "");
  BOOST_TEST(retention_warning(*broker, "ours") == "");
}

BOOST_AUTO_TEST_CASE(goes_on_where_it_was_stopped_and_repeats_nothing) {
  const auto first = replay(rows(35), [&](std::uint64_t rows_done) {
    if (rows_done == 20) stop.request_stop();
  });
  BOOST_TEST(first.rows == 20);
  BOOST_TEST(!first.complete);
  stop = std::stop_source();
  const auto second = replay(rows(35));
  BOOST_TEST(second.rows_before == 20);
  BOOST_TEST(second.rows == 15);
  BOOST_TEST(second.complete);
  const auto third = replay(rows(35));
  BOOST_TEST(third.rows == 0);
  BOOST_TEST(ids_in_topic() == ids_of(rows(35)), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sends_rows_that_were_appended_to_the_source) {
  replay(rows(20));
  BOOST_TEST(replay(rows(23)).rows == 3);
  BOOST_TEST(ids_in_topic() == ids_of(rows(23)), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(refuses_to_go_on_with_another_source) {
  replay(rows(20));
  const auto says = [](std::string text) {
    return [text](const SourceError& error) { return std::string{error.what()}.find(text) != std::string::npos; };
  };
  BOOST_CHECK_EXCEPTION(replay(rows(25, "Y")), SourceError,
                        says("there, row 20 was X@2012-01-20; here it is Y@2012-01-20"));
  BOOST_CHECK_EXCEPTION(replay(rows(5)), SourceError, says("here there are only 5 rows"));
  BOOST_TEST(ids_in_topic() == ids_of(rows(20)), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(starts_all_over_when_the_topic_was_deleted) {
  replay(rows(20));
  broker->make_admin()->delete_topic(topic::kPricelist, kBrokerTimeout);
  BOOST_TEST(replay(rows(5, "Y")).rows == 5);
  BOOST_TEST(ids_in_topic() == ids_of(rows(5, "Y")), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(fails_when_another_replay_of_the_topic_takes_over) {
  bool taken_over = false;
  const auto let_another_in = [&](std::uint64_t) {
    if (std::exchange(taken_over, true)) return;
    replay(rows(35));
  };
  BOOST_CHECK_EXCEPTION(
      replay(rows(35), let_another_in), millrace::BrokerException, [](const millrace::BrokerException& error) {
        return std::string{error.what()}.find(
                   "another program with the application.id 'price-replay' has taken over") != std::string::npos;
      });
  BOOST_TEST(ids_in_topic() == ids_of(rows(35)), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
