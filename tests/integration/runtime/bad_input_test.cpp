// SPDX-License-Identifier: Apache-2.0
// Records that cannot be read, processed or written.
#define BOOST_TEST_DYN_LINK
#include <atomic>
#include <boost/test/unit_test.hpp>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/json.hpp"
#include "millrace/serde/primitives.hpp"
#include "support/repetitions.hpp"

namespace millrace::runtime_test {
namespace {

struct Reading {
  std::string id;
  double value = 0;
};
MILLRACE_JSON(Reading, id, value)

const std::string kMegabytes(10'000'000, 'x');

/// Writes good and bad records in turn. The good records are numbered.
std::vector<Input> mixed() {
  std::vector<Input> records;
  int good = 0;
  const auto add = [&](const std::optional<std::string>& bad) {
    records.push_back({"good", R"({"id":")" + std::to_string(good++) + R"(","value":1})"});
    records.push_back({"bad", bad, 1000, {{"trace", "7"}}});
  };
  add("{\"id\":");                           // cut off
  add("not json");                           //
  add("");                                   //
  add(std::nullopt);                         // null
  add(R"({"value":1})");                     // a field is missing
  add(R"({"id":"x","value":"one"})");        // wrong type
  add("{\"id\":\"\xff\xfe\",\"value\":1}");  // invalid UTF-8
  add(R"([1,2,3])");                         //
  add("\"" + kMegabytes + "\"");             // 10 MB
  records.push_back({"good", R"({"id":"last","value":1})"});
  return records;
}
constexpr std::size_t kGood = 10;
constexpr std::size_t kBad = 9;

struct BadInput : World {
  const std::map<std::string, std::string> large{{"max.message.bytes", "20000000"}};
  std::string in = topic("in", 1, large);
  std::string out = topic("out", 1, large);
  std::string dead = topic("dead", 1, large);
  std::string id = unique("app");
  TempDir state;

  [[nodiscard]] StreamsConfig settings(const std::string& guarantee = "exactly_once_v2") const {
    return config(id, guarantee, state.path())
        .set("producer.max.request.size", "20000000")
        .set("consumer.max.partition.fetch.bytes", "20000000");
  }
  void write_mixed() const { write(in, mixed(), {{"message.max.bytes", "20000000"}}); }

  [[nodiscard]] Topology copying() const {
    StreamsBuilder builder;
    builder.stream<std::string, Reading>(in).to(out);
    return builder.build();
  }
};

BOOST_FIXTURE_TEST_SUITE(BadInputSuite, BadInput)

BOOST_AUTO_TEST_CASE(stops_the_application_by_default_without_loss) {
  write_mixed();
  App app(*this, copying(), settings());
  app.start();
  BOOST_CHECK(app.streams.wait_for(kPatience));
  BOOST_CHECK(app.streams.state() == Streams::State::error);
  const std::string error = app.streams.error();
  BOOST_CHECK_MESSAGE(error.find(in + "-0 offset 1") != std::string::npos, error);
  BOOST_CHECK(read(out).size() <= 1);
  // The next application is configured to skip. It starts at the record at which the first one stopped.
  App next(*this, copying(), settings().set("deserialization.exception.handler", "log-and-continue"));
  next.run_until_running();
  const auto rows = read_count(out, kGood);
  BOOST_CHECK(next.streams.close(kPatience));
  BOOST_CHECK_EQUAL(read(out).size(), kGood);
  BOOST_CHECK_EQUAL(next.streams.counters().dropped_records, kBad);
}

BOOST_AUTO_TEST_CASE(is_skipped_and_counted_by_log_and_continue) {
  write_mixed();
  App app(*this, copying(), settings().set("deserialization.exception.handler", "log-and-continue"));
  app.run_until_running();
  const auto rows = read_count(out, kGood);
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_REQUIRE_EQUAL(rows.size(), kGood);
  for (std::size_t i = 0; i + 1 < kGood; ++i) {
    BOOST_CHECK_EQUAL(from_json_string<Reading>(*rows[i].value).id, std::to_string(i));
  }
  BOOST_CHECK_EQUAL(app.streams.counters().dropped_records, kBad);
  BOOST_CHECK_EQUAL(app.streams.counters().processed_records, kGood + kBad);
  // Skipped records are committed, so nothing is read again.
  App next(*this, copying(), settings());
  next.run_until_running();
  BOOST_CHECK(next.streams.close(kPatience));
  BOOST_CHECK_EQUAL(next.streams.counters().processed_records, 0U);
}

BOOST_AUTO_TEST_CASE(goes_to_the_dead_letter_topic_unchanged) {
  write_mixed();
  App app(*this, copying(),
          settings()
              .set("deserialization.exception.handler", "log-and-continue")
              .set("errors.dead.letter.queue.topic.name", dead));
  app.run_until_running();
  (void)read_count(out, kGood);
  const auto letters = read_count(dead, kBad);
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_REQUIRE_EQUAL(letters.size(), kBad);
  const auto sent = mixed();
  for (std::size_t i = 0; i < kBad; ++i) {
    const Row& letter = letters[i];
    BOOST_CHECK(letter.key == "bad");
    BOOST_CHECK(letter.value == sent[2 * i + 1].value);
    BOOST_CHECK_EQUAL(letter.timestamp, 1000);
    BOOST_CHECK_EQUAL(letter.headers.last("trace")->value.value(), "7");
    BOOST_CHECK_EQUAL(letter.headers.last("__streams.errors.topic")->value.value(), in);
    BOOST_CHECK_EQUAL(letter.headers.last("__streams.errors.partition")->value.value(), "0");
    BOOST_CHECK_EQUAL(letter.headers.last("__streams.errors.offset")->value.value(), std::to_string(2 * i + 1));
    BOOST_CHECK(!letter.headers.last("__streams.errors.message")->value.value().empty());
  }
}

BOOST_AUTO_TEST_CASE(can_be_handled_in_code) {
  write_mixed();
  App app(*this, copying(), settings());
  // The handler runs on the stream thread, but Boost.Test accepts checks from one thread only.
  std::atomic<int> asked{0};
  std::atomic<int> told_what_it_is{0};
  app.streams.set_exception_handlers({.deserialization =
                                          [&](const ErrorContext& error) {
                                            ++asked;
                                            if (error.topic == in && error.raw_key == "bad") ++told_what_it_is;
                                            return HandlerResponse::resume();
                                          },
                                      .processing = {},
                                      .production = {}});
  app.run_until_running();
  (void)read_count(out, kGood);
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK_EQUAL(asked, static_cast<int>(kBad));
  BOOST_CHECK_EQUAL(told_what_it_is, static_cast<int>(kBad));
}

BOOST_AUTO_TEST_CASE(follows_the_processing_handler_in_a_processor) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .map_values([](const std::string& value) {
        if (value.starts_with("bad")) throw std::runtime_error("cannot map '" + value + "'");
        return value;
      })
      .to(out);
  const Topology topology = builder.build();
  write(in, {{"k", "1"}, {"k", "bad 2"}, {"k", "3"}, {"k", "bad 4"}, {"k", "5"}});
  {
    App app(*this, topology, settings());
    app.start();
    BOOST_CHECK(app.streams.wait_for(kPatience));
    BOOST_CHECK(app.streams.error().find("cannot map 'bad 2'") != std::string::npos);
  }
  App app(*this, topology,
          settings()
              .set("processing.exception.handler", "log-and-continue")
              .set("errors.dead.letter.queue.topic.name", dead));
  app.run_until_running();
  const auto rows = read_count(out, 3);
  BOOST_CHECK_EQUAL(read_count(dead, 2).size(), 2U);
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK_EQUAL(rows.size(), 3U);
  BOOST_CHECK_EQUAL(app.streams.counters().dropped_records, 2U);
}

BOOST_AUTO_TEST_CASE(follows_the_production_handler_if_a_record_is_too_large) {
  const std::string small = topic("small", 1, {{"max.message.bytes", "1000"}});
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in).to(small);
  const Topology topology = builder.build();
  write(in, {{"k", "1"}, {"k", std::string(5000, 'x')}, {"k", "3"}});
  {
    App app(*this, topology, settings("at_least_once"));
    app.start();
    BOOST_CHECK(app.streams.wait_for(kPatience));
    BOOST_CHECK(app.streams.state() == Streams::State::error);
    for (const std::string& part :
         {small, "record " + in + "-0 offset 1", std::string("a value of 5000 bytes"), std::string("max.message.bytes"),
          std::string("production.exception.handler=log-and-continue")}) {
      BOOST_CHECK_MESSAGE(app.streams.error().find(part) != std::string::npos, part << ": " << app.streams.error());
    }
  }
  {
    App app(*this, topology,
            settings("at_least_once")
                .set("production.exception.handler", "log-and-continue")
                .set("errors.dead.letter.queue.topic.name", dead));
    app.run_until_running();
    // The first application may have written the third record before it stopped.
    wait_until("the second is skipped", [&] { return app.streams.counters().dropped_records == 1; });
    const Row letter = read_count(dead, 1).at(0);
    BOOST_CHECK(letter.value == std::string(5000, 'x'));
    BOOST_CHECK_EQUAL(letter.headers.last("__streams.errors.topic")->value.value(), in);
    BOOST_CHECK_EQUAL(letter.headers.last("__streams.errors.offset")->value.value(), "1");
    BOOST_CHECK(app.streams.close(kPatience));
    BOOST_CHECK_EQUAL(app.streams.counters().dropped_records, 1U);
    BOOST_CHECK_EQUAL(read(small).back().value.value_or("null"), "3");
  }
}

BOOST_AUTO_TEST_CASE(that_makes_a_store_s_change_too_large_is_named_with_task_store_and_key) {
  const std::string out = topic("out");
  write(in, {{"a", "1"}, {std::string(3000, 'k'), "2"}, {"a", "3"}});
  for (const char* const guarantee : {"at_least_once", "exactly_once_v2"}) {
    App app(*this, counting(in, out), settings(guarantee).set("topic.max.message.bytes", "2000"));
    app.start();
    BOOST_CHECK(app.streams.wait_for(kPatience));
    BOOST_CHECK(app.streams.state() == Streams::State::error);
    for (const std::string& part :
         {std::string("change of state store 'counts' of task 0_0"), "record " + in + "-0 offset 1",
          std::string("a key of 3000 bytes ('kkkk"), std::string("max.message.bytes"), std::string("topics alter")}) {
      BOOST_CHECK_MESSAGE(app.streams.error().find(part) != std::string::npos, part << ": " << app.streams.error());
    }
  }
}

// The broker refuses the whole batch. So Millrace sends the records of the batch again, one at a time.
BOOST_AUTO_TEST_CASE(skips_only_the_record_that_is_too_large) {
  const std::string small = topic("small", 1, {{"max.message.bytes", "2000"}});
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .group_by_key()
      .count(Materialized::as("counts"))
      .to_stream()
      .map([](const std::string& key, const std::optional<std::int64_t>& count) {
        return KeyValue<std::string, std::string>{
            key, key == "large" ? std::string(5000, 'x') : std::to_string(count.value_or(0))};
      })
      .to(small);
  App app(*this, builder.build(),
          settings("at_least_once")
              .set("production.exception.handler", "log-and-continue")
              .set("commit.interval.ms", "30000"));
  app.run_until_running();
  std::vector<Input> records(1000, {"a", "v"});
  write(in, records);
  (void)read_count(small, 1000);
  write(in, {{"large", "v"}});
  wait_until("it is skipped", [&] { return app.streams.counters().dropped_records == 1; });
  write(in, std::vector<Input>(10, {"a", "v"}));
  wait_until("the last one", [&] { return read(small).back().value == "1010"; });
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK_EQUAL(read(small).back().value.value_or("null"), "1010");
  BOOST_CHECK_EQUAL(app.streams.counters().dropped_records, 1U);
  BOOST_CHECK(app.failures().empty());
}

BOOST_AUTO_TEST_CASE(is_not_reported_if_only_a_batch_is_too_large) {
  const std::string small = topic("small", 1, {{"max.message.bytes", "1000"}});
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in).to(small);
  write(in, keyed(500, 10));
  App app(*this, builder.build(), settings());
  app.run_until_running();
  BOOST_CHECK_EQUAL(read_count(small, 500).size(), 500U);
  BOOST_CHECK(app.streams.close(kPatience));
  BOOST_CHECK_EQUAL(app.streams.counters().dropped_records, 0U);
}

// The transaction fails with the refused record, and the client drops the records behind it. The error must name the
// refused record. The tasks must not start again first.
BOOST_AUTO_TEST_CASE(names_the_refused_record_among_many_of_a_transaction) {
  const std::string small = topic("small", 2, {{"max.message.bytes", "2000"}});
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .map_values([](const std::string& value) { return value == "large" ? std::string(5000, 'x') : value; })
      .to(small);
  const Topology topology = builder.build();
  std::vector<Input> records = keyed(6000, 50);
  records[3000].value = "large";
  write(in, records);
  for (const char* handler : {"log-and-continue", "log-and-fail"}) {
    const auto start = std::chrono::steady_clock::now();
    App app(*this, topology, settings().set("production.exception.handler", handler));
    app.start();
    BOOST_CHECK(app.streams.wait_for(kPatience));
    BOOST_CHECK(app.streams.state() == Streams::State::error);
    const std::string error = app.streams.error();
    BOOST_TEST_MESSAGE(handler << ": " << error);
    BOOST_CHECK_MESSAGE(error.find("record " + in + "-0 offset 3000") != std::string::npos, error);
    BOOST_CHECK_MESSAGE(error.find(small) != std::string::npos, error);
    BOOST_CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20) * test::kSlowness);
  }
}

BOOST_AUTO_TEST_CASE(fails_a_transaction_with_a_clear_error_if_a_record_is_too_large) {
  const std::string small = topic("small", 1, {{"max.message.bytes", "1000"}});
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in).to(small);
  write(in, {{"k", "1"}, {"k", std::string(5000, 'x')}, {"k", "3"}});
  const Topology topology = builder.build();
  // Without dead letters and with them.
  for (const std::string& letters : {std::string(), dead}) {
    App app(*this, topology,
            settings()
                .set("production.exception.handler", "log-and-continue")
                .set("errors.dead.letter.queue.topic.name", letters));
    app.start();
    BOOST_CHECK(app.streams.wait_for(kPatience));
    BOOST_CHECK(app.streams.state() == Streams::State::error);
    const std::string error = app.streams.error();
    BOOST_CHECK_MESSAGE(error.find(small) != std::string::npos && error.find("exactly_once_v2") != std::string::npos,
                        error);
    BOOST_CHECK(read(small).empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::runtime_test
