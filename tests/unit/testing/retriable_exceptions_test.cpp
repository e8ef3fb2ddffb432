// SPDX-License-Identifier: Apache-2.0
// What a TopologyTestDriver does with RetriableExceptions, and with serdes that have headers, configure() and close().
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/millrace.hpp"
#include "millrace/testing/topology_test_driver.hpp"

using namespace millrace;

namespace {

using S = std::string;

/// What a test and its serdes share.
struct Shared {
  bool away = false;
  std::vector<S> journal;
};

/// Text. Serializing adds the header `by`, with the name of the serde. Throws while the registry is away.
struct RegistryText {
  std::shared_ptr<Shared> shared;
  S name = {};

  void configure(const SerdeConfigs& configs, bool is_key) {
    name = configs.at("registry.name") + (is_key ? "-key" : "-value");
    if (configs.at("application.id") != "app") throw std::logic_error("no application.id");
    shared->journal.push_back("configure " + name);
  }
  void close() { shared->journal.push_back("close " + name); }
  void serialize(std::string_view topic, Headers* headers, const S& text, S& out) const {
    answer(topic);
    out += text;
    if (headers != nullptr) headers->add("by", name);
  }
  S deserialize(std::string_view topic, const Headers* headers, std::string_view bytes) const {
    answer(topic);
    return S(bytes) + (headers == nullptr ? "" : "+" + std::to_string(headers->size()));
  }
  void answer(std::string_view topic) const {
    if (shared->away) throw RetriableException("no answer about " + S(topic));
  }
};

StreamsConfig skipping() {
  return StreamsConfig()
      .set("application.id", "app")
      .set("deserialization.exception.handler", "log-and-continue")
      .set("processing.exception.handler", "log-and-continue")
      .set("production.exception.handler", "log-and-continue")
      .set("serde.registry.name", "test");
}

struct Fixture {
  std::shared_ptr<Shared> shared = std::make_shared<Shared>();
  RegistryText text{shared};

  [[nodiscard]] S error_of(const std::function<void()>& action) const {
    try {
      action();
    } catch (const RetriableException& error) {
      return error.what();
    }
    return "(none)";
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(RetriableExceptions, Fixture)

BOOST_AUTO_TEST_CASE(of_a_source_go_to_the_caller_and_the_record_is_not_processed_later) {
  StreamsBuilder builder;
  builder.stream<S, S>("in", Consumed().with_value_serde(text)).to("out");
  TopologyTestDriver driver(builder.build(), skipping());
  auto in = driver.create_input_topic<S, S>("in");
  auto out = driver.create_output_topic<S, S>("out");
  shared->away = true;
  const S error = error_of([&] { in.pipe_input("k", "1", 10); });
  BOOST_TEST((error.find("record in-0 offset 0") != S::npos), error);
  BOOST_TEST((error.find("no answer about in") != S::npos), error);
  shared->away = false;
  in.pipe_input("k", "2", 10);
  BOOST_TEST(out.read_value() == "2+0");
  BOOST_TEST(out.is_empty());
  BOOST_TEST(driver.dropped_records() == 0U);
}

BOOST_AUTO_TEST_CASE(of_a_sink_and_of_a_function_go_to_the_caller) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").to("out", Produced().with_value_serde(text));
  builder.stream<S, S>("mapped")
      .map_values([](const S& value) -> S { throw RetriableException("later: " + value); })
      .to("never");
  builder
      .stream<S, S>("extracted", Consumed().with_timestamp_extractor([](const Record<S, S>&, Timestamp) -> Timestamp {
        throw RetriableException("no time");
      }))
      .to("never");
  TopologyTestDriver driver(builder.build(), skipping());
  shared->away = true;
  auto in = driver.create_input_topic<S, S>("in");
  auto mapped = driver.create_input_topic<S, S>("mapped");
  auto extracted = driver.create_input_topic<S, S>("extracted");
  const S written = error_of([&] { in.pipe_input("k", "1", 10); });
  BOOST_TEST((written.find("for topic out: no answer about out") != S::npos), written);
  BOOST_TEST((error_of([&] { mapped.pipe_input("k", "1", 10); }).find("later: 1") != S::npos));
  const S time = error_of([&] { extracted.pipe_input("k", "1", 10); });
  BOOST_TEST((time.find("the timestamp extractor failed: record extracted-0 offset 0") != S::npos), time);
  BOOST_TEST(driver.dropped_records() == 0U);
}

BOOST_AUTO_TEST_CASE(of_a_global_table_go_to_the_caller) {
  StreamsBuilder builder;
  (void)builder.global_table<S, S>("names", Consumed().with_value_serde(text), Materialized::as("names"));
  TopologyTestDriver driver(builder.build(), skipping());
  auto names = driver.create_input_topic<S, S>("names");
  shared->away = true;
  BOOST_TEST((error_of([&] { names.pipe_input("k", "1", 10); }).find("no answer about names") != S::npos));
  shared->away = false;
  names.pipe_input("k", "2", 10);
  BOOST_TEST(driver.dropped_records() == 0U);
}

BOOST_AUTO_TEST_CASE(headers_that_a_sink_adds_do_not_reach_other_nodes) {
  StreamsBuilder builder;
  const auto stream = builder.stream<S, S>("in");
  stream.to("first", Produced().with_value_serde(text));
  stream.to("second", Produced().with_value_serde(text));
  stream.to("plain");
  TopologyTestDriver driver(builder.build(), skipping());
  auto in = driver.create_input_topic<S, S>("in");
  in.pipe_input("k", "v", 10, {{"own", "1"}});
  for (const char* topic : {"first", "second"}) {
    const auto record = driver.create_output_topic<S, S>(topic).read_record();
    BOOST_REQUIRE(record.headers.size() == 2U);
    BOOST_TEST(*record.headers.last("by")->value == "test-value");
  }
  BOOST_TEST((driver.create_output_topic<S, S>("plain").read_record().headers.size() == 1U));
}

BOOST_AUTO_TEST_CASE(topics_of_the_test_use_configured_serdes_with_headers) {
  StreamsBuilder builder;
  builder.stream<S, S>("in").to("out");
  TopologyTestDriver driver(builder.build(), skipping());
  auto in = driver.create_input_topic<S, S>("in", text, text);
  auto out = driver.create_output_topic<S, S>("out", text, text);
  in.pipe_input("k", "v", 10);
  const auto record = out.read_record();
  BOOST_TEST(record.key == "k+2");
  BOOST_TEST(record.value == "v+2");
  BOOST_TEST(*record.headers.begin()[0].value == "test-key");
  BOOST_TEST(*record.headers.begin()[1].value == "test-value");
}

BOOST_AUTO_TEST_CASE(a_store_with_headers_gives_them_to_its_serde) {
  class Keeps final : public Processor<S, S, S, S> {
   public:
    void process(Record<S, S> record) override {
      auto& store = context().get_state_store<TimestampedKeyValueStoreWithHeaders<S, S>>("kept");
      store.put(record.key, {record.value, record.timestamp, record.headers});
      const auto kept = store.get(record.key);
      context().forward(Record<S, S>{record.key, kept->value, kept->timestamp, kept->headers});
    }
  };
  Topology topology;
  topology.add_source<S, S>("in", {"in"})
      .add_processor("keep", [] { return std::make_unique<Keeps>(); }, {"in"})
      .add_state_store(Stores::timestamped_key_value_store_with_headers<S, S>("kept", StoreMedium::rocksdb,
                                                                              AnySerde<S>(), AnySerde<S>(text)),
                       {"keep"})
      .add_sink<S, S>("out", "out", {"keep"});
  TopologyTestDriver driver(topology, skipping());
  auto in = driver.create_input_topic<S, S>("in");
  in.pipe_input("k", "v", 10, {{"own", "1"}});
  const auto record = driver.create_output_topic<S, S>("out").read_record();
  BOOST_TEST(record.value == "v+2");
  BOOST_TEST(record.headers.size() == 2U);
}

BOOST_AUTO_TEST_CASE(serdes_are_configured_before_and_closed_after_their_use) {
  {
    StreamsBuilder builder;
    builder.stream<S, S>("in", Consumed::with(text, text))
        .group_by_key(Grouped::with(text, text))
        .reduce([](const S& a, const S& b) { return a + b; }, Materialized::with(text, text).with_store_name("all"))
        .to_stream()
        .to("out", Produced::with(text, text));
    TopologyTestDriver driver(builder.build(), skipping());
    auto in = driver.create_input_topic<S, S>("in");
    in.pipe_input("k", "v", 10);
    driver.restart();
    in.pipe_input("k", "v", 10);
    const auto out = driver.create_output_topic<S, S>("out");
    BOOST_TEST(out.queue_size() == 2U);
  }
  const auto count = [&](const S& line) { return std::ranges::count(shared->journal, line); };
  // Source, store and sink.
  BOOST_TEST(count("configure test-key") == 3);
  BOOST_TEST(count("configure test-value") == 3);
  BOOST_TEST(count("close test-key") == 3);
  BOOST_TEST(count("close test-value") == 3);
}

BOOST_AUTO_TEST_SUITE_END()
