// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/testing/mock_processor_context.hpp"

#include <boost/test/unit_test.hpp>

#include "millrace/millrace.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using S = std::string;
using L = std::int64_t;
using Counts = KeyValueStore<S, L>;

/// Counts the records of a key and forwards the counts at punctuations. Records of key "odd" go to the child of that
/// name.
class Counter final : public Processor<S, S, S, L> {
 public:
  void init(ProcessorContext<S, L>& context) override {
    Processor::init(context);
    counts_ = &context.get_state_store<Counts>("counts");
    schedule_ = context.schedule(10s, PunctuationType::stream_time, [this](Timestamp now) {
      for (const auto& [key, count] : counts_->all()) this->context().forward({key, count, now, {}});
    });
  }
  void process(Record<S, S> record) override {
    const L count = counts_->get(record.key).value_or(0) + 1;
    counts_->put(record.key, count);
    if (record.key == "odd") {
      context().forward(Record<S, L>{record.key, count, record.timestamp, record.headers}, "odd");
    } else {
      context().forward(Record<S, L>{record.key, count, record.timestamp, record.headers});
    }
    if (record.value == "commit") context().commit();
    if (record.value == "stop") schedule_.cancel();
  }

 private:
  Counts* counts_ = nullptr;
  Cancellable schedule_;
};

struct Fixture {
  MockProcessorContext<S, L> context;
  StateStore& counts = context.add_state_store(Stores::key_value_store<S, L>("counts"));
  Counter counter;

  Fixture() { counter.init(context); }
};

template <class F>
S error_of(F action) {
  try {
    action();
  } catch (const StreamsException& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const S& text, const S& part) { return text.find(part) != S::npos; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(MockContexts, Fixture)

BOOST_AUTO_TEST_CASE(capture_what_is_forwarded_and_to_whom) {
  counter.process({"a", "1", 5, {{"own", "1"}}});
  counter.process({"odd", "1", 6, {}});
  BOOST_TEST(context.forwarded().size() == 2U);
  BOOST_TEST((context.forwarded()[0].record == Record<S, L>{"a", 1, 5, {{"own", "1"}}}));
  BOOST_TEST(!context.forwarded()[0].child_name);
  BOOST_TEST(context.forwarded()[1].child_name.value() == "odd");
  BOOST_TEST(context.forwarded("odd").size() == 2U);
  BOOST_TEST(context.forwarded("even").size() == 1U);
  context.reset_forwards();
  BOOST_TEST(context.forwarded().empty());
}

BOOST_AUTO_TEST_CASE(have_stores_that_a_test_can_fill_and_read) {
  auto& store = dynamic_cast<Counts&>(counts);
  store.put("a", 41);
  counter.process({"a", "1", 5, {}});
  BOOST_TEST(store.get("a").value() == 42);
  BOOST_TEST(contains(error_of([&] { context.add_state_store(Stores::key_value_store<S, L>("counts")); }), "'counts'"));
  BOOST_TEST(contains(error_of([&] { (void)context.get_state_store<Counts>("other"); }), "add_state_store()"));
}

BOOST_AUTO_TEST_CASE(make_stores_of_every_kind) {
  context.add_state_store(Stores::window_store<S, S>("windows", 100ms, 10ms, false));
  context.add_state_store(Stores::session_store<S, S>("sessions", 100ms));
  context.add_state_store(Stores::persistent_versioned_key_value_store<S, S>("versions", 100ms));
  context.add_state_store(Stores::lru_map<S, S>("last", 1));
  auto& windows = context.get_state_store<WindowStore<S, S>>("windows");
  windows.put("a", "1", 20);
  BOOST_TEST(windows.fetch("a", 20).value() == "1");
  auto& last = context.get_state_store<KeyValueStore<S, S>>("last");
  last.put("a", "1");
  last.put("b", "2");
  BOOST_TEST(!last.get("a"));
}

BOOST_AUTO_TEST_CASE(capture_punctuations_for_the_test_to_call) {
  BOOST_REQUIRE(context.scheduled_punctuators().size() == 1U);
  const CapturedPunctuator& scheduled = context.scheduled_punctuators()[0];
  BOOST_TEST((scheduled.interval == 10s));
  BOOST_TEST((scheduled.type == PunctuationType::stream_time));
  BOOST_TEST(!scheduled.start);
  counter.process({"a", "1", 5, {}});
  context.reset_forwards();
  scheduled.punctuator(77);
  BOOST_TEST((context.forwarded().at(0).record == Record<S, L>{"a", 1, 77, {}}));
  BOOST_TEST(!scheduled.cancelled());
  counter.process({"a", "stop", 5, {}});
  BOOST_TEST(scheduled.cancelled());
}

BOOST_AUTO_TEST_CASE(tell_whether_a_commit_was_asked_for) {
  counter.process({"a", "1", 5, {}});
  BOOST_TEST(!context.committed());
  counter.process({"a", "commit", 5, {}});
  BOOST_TEST(context.committed());
  context.reset_commit();
  BOOST_TEST(!context.committed());
}

BOOST_AUTO_TEST_CASE(return_the_task_and_record_metadata_set_by_the_test) {
  BOOST_TEST(!context.record_metadata());
  context.set_record_metadata(RecordMetadata{"in", 3, 17});
  BOOST_TEST(context.record_metadata()->topic == "in");
  BOOST_TEST(context.record_metadata()->offset == 17);
  BOOST_TEST(contains(error_of([&] { (void)context.current_stream_time_ms(); }), "set_current_stream_time_ms()"));
  context.set_current_stream_time_ms(5);
  context.set_current_system_time_ms(6);
  BOOST_TEST(context.current_stream_time_ms() == 5);
  BOOST_TEST(context.current_system_time_ms() == 6);
  BOOST_TEST(contains(error_of([&] { (void)context.state_dir(); }), "state directory"));

  StreamsConfig config;
  config.set("application.id", "app");
  MockProcessorContext<S, S> other({config, {1, 2}, "/somewhere"});
  BOOST_TEST(other.application_id() == "app");
  BOOST_TEST(other.task_id().str() == "1_2");
  BOOST_TEST(other.state_dir() == "/somewhere");
}

BOOST_AUTO_TEST_CASE(capture_forwarded_records_with_fixed_keys) {
  class Length final : public FixedKeyProcessor<S, S, L> {
    void process(FixedKeyRecord<S, S> record) override {
      context().forward(record.with_value(static_cast<L>(record.value().size())));
    }
  };
  MockFixedKeyProcessorContext<S, L> fixed;
  Length length;
  FixedKeyProcessor<S, S, L>& processor = length;
  processor.init(fixed);
  processor.process(FixedKeyRecord<S, S>({"a", "four", 5, {}}));
  BOOST_TEST((fixed.forwarded().at(0).record == Record<S, L>{"a", 4, 5, {}}));
}

BOOST_AUTO_TEST_SUITE_END()
