// SPDX-License-Identifier: Apache-2.0
// Stores whose changelog is a source topic. A restore must give the same store as processing.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cctype>
#include <utility>

#include "integration/runtime/world.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::runtime_test {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;
using Prices = TimestampedKeyValueStore<S, S>;

/// A serde for text with several encodings: it removes spaces at both ends when it reads. It throws for "bad".
struct LooseText {
  void serialize(const S& value, S& out) const { out += value; }
  S deserialize(std::string_view bytes) const {
    const auto first = bytes.find_first_not_of(' ');
    if (first == std::string_view::npos) return {};
    S text(bytes.substr(first, bytes.find_last_not_of(' ') - first + 1));
    if (text == "bad") throw SerializationException("bad");
    return text;
  }
};

/// Forwards, for each record, all entries of the store as `key=value@time`.
class ShowAll final : public Processor<S, S, S, S> {
 public:
  void process(Record<S, S> record) override {
    auto& prices = context().get_state_store<Prices>("prices");
    S all;
    auto entries = prices.all();
    while (const auto entry = entries.next()) {
      all += entry->key + "=" + entry->value.value + "@" + std::to_string(entry->value.timestamp) + " ";
    }
    all += "tea:" + (prices.get("tea") ? prices.get("tea")->value : "none");
    context().forward(record.with_value(all));
  }
};

/// Puts each record into the store, in upper case. Ignores records with the value "0".
class FillPrices final : public Processor<S, S> {
 public:
  void process(Record<S, S> record) override {
    if (record.value == "0") return;
    for (char& letter : record.value) letter = static_cast<char>(std::toupper(letter));
    context().get_state_store<Prices>("prices").put(record.key, {record.value, record.timestamp});
  }
};

/// A timestamp extractor: the record's timestamp minus 1000 ms.
Timestamp earlier(const Record<S, S>& record, Timestamp) { return record.timestamp - 1000; }

struct SourceStores : World {
  S prices = topic("prices", 1, {{"cleanup.policy", "compact"}});
  S in = topic("in");
  S out = topic("out");
  S id = unique("app");

  [[nodiscard]] StreamsConfig settings(const TempDir& state, const S& guarantee) const {
    return config(id, guarantee, state.path())
        .set("topology.optimization", "reuse.ktable.source.topics")
        .set("deserialization.exception.handler", "log-and-continue");
  }
  /// A table of the prices, and a processor that shows its store.
  [[nodiscard]] Topology table() const {
    StreamsBuilder builder;
    (void)builder.table<S, S>(prices,
                              Consumed()
                                  .with_key_serde(LooseText())
                                  .with_value_serde(LooseText())
                                  .with_timestamp_extractor([](const Record<std::optional<S>, std::optional<S>>& record,
                                                               Timestamp) { return record.timestamp - 1000; }),
                              Materialized::as("prices"));
    builder.stream<S, S>(in).process([] { return std::make_unique<ShowAll>(); }, {"prices"}).to(out);
    return builder.build(settings(TempDir(), "at_least_once"));
  }
  /// The same with a read-only store.
  [[nodiscard]] Topology read_only_store() const {
    SourceOptions<S, S> options;
    options.key_serde = AnySerde<S>(LooseText());
    options.value_serde = AnySerde<S>(LooseText());
    options.extractor = earlier;
    Topology topology;
    topology
        .add_read_only_state_store<S, S>(
            Stores::timestamped_key_value_store<S, S>("prices"), "prices-in", prices, "fill",
            [] { return std::make_unique<FillPrices>(); }, std::move(options))
        .add_source<S, S>("in", {in})
        .add_processor("show", [] { return std::make_unique<ShowAll>(); }, {"in"})
        .connect_processor_and_state_stores("show", {"prices"})
        .add_sink<S, S>("out", out, {"show"});
    return topology;
  }
  /// The entries of the store before its files are deleted, and after the restore.
  [[nodiscard]] std::pair<S, S> before_and_after(const Topology& topology, const S& guarantee) {
    std::vector<S> answers;
    for (int run = 0; run < 2; ++run) {
      const TempDir state;
      App app(*this, topology, settings(state, guarantee));
      app.run_until_running();
      if (run == 0) {
        write(prices,
              {{"tea", "three", 5000}, {" ink ", " nine ", 6000}, {"gas", "bad", 7000}, {" tea", "four", 8000}});
        wait_until("the last price is in the store", [&] {
          const S answer = ask();
          return answer.ends_with("four") || answer.ends_with("FOUR");
        });
      }
      answers.push_back(ask());
      BOOST_TEST(app.streams.close(kPatience));
      BOOST_TEST(app.failures().empty());
    }
    return {answers[0], answers[1]};
  }
  S ask() {
    write(in, {{"x", "?"}});
    return read_count(out, ++asked_).back().value.value_or("null");
  }

 private:
  std::size_t asked_ = 0;
};

const auto kGuarantees = data::make({"at_least_once", "exactly_once_v2"});

}  // namespace

BOOST_FIXTURE_TEST_SUITE(SourceStoresSuite, SourceStores)

BOOST_DATA_TEST_CASE(of_tables_are_restored_as_they_are_filled, kGuarantees, guarantee) {
  const auto [before, after] = before_and_after(table(), guarantee);
  BOOST_TEST(before == "ink=nine@5000 tea=four@7000 tea:four");
  BOOST_TEST(after == before);
}

BOOST_DATA_TEST_CASE(that_are_read_only_are_restored_as_they_are_filled, kGuarantees, guarantee) {
  const auto [before, after] = before_and_after(read_only_store(), guarantee);
  BOOST_TEST(before == "ink=NINE@5000 tea=FOUR@7000 tea:FOUR");
  BOOST_TEST(after == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::runtime_test
