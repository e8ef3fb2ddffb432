// SPDX-License-Identifier: Apache-2.0
// An operator never forgets the latest time that it has seen. It keeps the time over a restart, a move to another
// member, a crash, an internal recovery, and a wall clock that is set back. Each kind of operator processes the same
// records twice. In one of the runs, one of these events happens before the late record. After each record, both runs
// must have the same results and the same dropped records.
#define BOOST_TEST_DYN_LINK
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <ostream>
#include <vector>

#include "chaos/simulation.hpp"
#include "millrace/dsl/materialized.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/millrace.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::chaos {
namespace {

namespace data = boost::unit_test::data;
using S = std::string;
using N = std::optional<S>;
using Strings = KStream<S, S>;

/// If true, the next record fails with an error of the broker, so the thread starts its tasks again. Then the variable
/// is false again.
bool fail_once = false;

struct Input {
  Strings left;
  std::function<Strings()> right;  ///< called only by topologies that read the topic
  StoreMedium medium;
};

/// One kind of operator: a topology from the topics `in` and `right` to `out`.
struct Kind {
  S name;
  std::function<void(StreamsBuilder&, const Input&)> build;
};
std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }

template <class V>
void show(const KTable<Windowed<S>, V>& table) {
  table
      .to_stream([](const Windowed<S>& key, const std::optional<V>&) {
        return key.key + "@" + std::to_string(key.window.start) + "-" + std::to_string(key.window.end);
      })
      .map_values([](const std::optional<V>& value) { return value ? N(std::to_string(*value)) : N(); })
      .to("out");
}

auto counted(StoreMedium medium) { return Materialized::as("c").with_store_type(medium).with_caching_disabled(); }

struct Plus {
  S operator()(const S& left, const S& right) const { return left + "/" + right; }
  S operator()(const S& left, const S* right) const { return left + "/" + (right != nullptr ? *right : "-"); }
  S operator()(const S* left, const S* right) const {
    return (left != nullptr ? *left : "-") + "/" + (right != nullptr ? *right : "-");
  }
};

const auto kTumbling = TimeWindows::of_size_and_grace(10s, 2s);
const auto kSessions = SessionWindows::of_inactivity_gap_and_grace(3s, 2s);
const auto kSliding = SlidingWindows::of_time_difference_and_grace(3s, 2s);
const auto kOnClose = EmitStrategy::on_window_close();

template <class Windows>
Kind counts(const S& name, const Windows& windows) {
  return {name, [windows](StreamsBuilder&, const Input& in) {
            show(in.left.group_by_key().windowed_by(windows).count(counted(in.medium)));
          }};
}

template <class Windows>
Kind counts_on_close(const S& name, const Windows& windows) {
  return {name + ", on close", [windows](StreamsBuilder&, const Input& in) {
            show(in.left.group_by_key().windowed_by(windows).emit_strategy(kOnClose).count(
                counted(in.medium).with_retention(1h)));
          }};
}

template <class Windows>
Kind counts_suppressed(const S& name, const Windows& windows) {
  return {name + ", suppressed", [windows](StreamsBuilder&, const Input& in) {
            show(in.left.group_by_key()
                     .windowed_by(windows)
                     .count(counted(in.medium))
                     .suppress(Suppressed::until_window_closes(BufferConfig::unbounded())));
          }};
}

/// Puts each record into a store without a changelog. Then forwards what the store has for the record's time.
template <class Store, auto Put, auto Get>
class Storing final : public Processor<S, S, S, S> {
  Store* store_ = nullptr;

  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    store_ = &context.get_state_store<Store>("store");
  }
  void process(Record<S, S> record) override {
    Put(*store_, record);
    context().forward({record.key, Get(*store_, record), record.timestamp, {}});
  }
};

template <class Store, auto Put, auto Get>
Kind stores_of_a_processor(const S& name, std::function<StoreBuilder(StoreMedium)> make) {
  return {name, [make = std::move(make)](StreamsBuilder& builder, const Input& in) {
            builder.add_state_store(make(in.medium).with_logging_disabled());
            in.left.process([] { return std::make_unique<Storing<Store, Put, Get>>(); }, {"store"}).to("out");
          }};
}

class Ticking final : public Processor<S, S, S, S> {
  void init(ProcessorContext<S, S>& context) override {
    Processor::init(context);
    context.schedule(10s, PunctuationType::stream_time, [this](Timestamp now) {
      this->context().forward({"tick", std::to_string(now), now, {}});
    });
  }
  void process(Record<S, S> record) override {
    context().forward({"time", std::to_string(context().current_stream_time_ms()), record.timestamp, {}});
  }
};

std::vector<Kind> kinds() {
  std::vector<Kind> all{
      counts("tumbling", kTumbling),
      counts("hopping", kTumbling.advance_by(5s)),
      counts("sliding", kSliding),
      counts("session", kSessions),
      counts_on_close("tumbling", kTumbling),
      counts_on_close("sliding", kSliding),
      counts_on_close("session", kSessions),
      counts_suppressed("tumbling", kTumbling),
      counts_suppressed("sliding", kSliding),
      counts_suppressed("session", kSessions),
  };
  all.push_back({"cogroup", [](StreamsBuilder&, const Input& in) {
                   const auto count = [](const S&, const S&, std::int64_t n) { return n + 1; };
                   show(in.left.group_by_key().cogroup<std::int64_t>(count).windowed_by(kTumbling).aggregate(
                       [] { return std::int64_t{0}; }, counted(in.medium)));
                 }});
  all.push_back({"suppress until a time limit", [](StreamsBuilder&, const Input& in) {
                   in.left.to_table(counted(in.medium))
                       .suppress(Suppressed::until_time_limit(5s, BufferConfig::unbounded()))
                       .to_stream()
                       .to("out");
                 }});
  const auto windows = JoinWindows::of_time_difference_and_grace(5s, 2s);
  all.push_back({"inner join", [windows](StreamsBuilder&, const Input& in) {
                   in.left.join(in.right(), Plus(), windows, StreamJoined().with_store_type(in.medium)).to("out");
                 }});
  all.push_back({"left join", [windows](StreamsBuilder&, const Input& in) {
                   in.left.left_join(in.right(), Plus(), windows, StreamJoined().with_store_type(in.medium)).to("out");
                 }});
  all.push_back({"outer join", [windows](StreamsBuilder&, const Input& in) {
                   in.left.outer_join(in.right(), Plus(), windows, StreamJoined().with_store_type(in.medium)).to("out");
                 }});
  all.push_back({"self join", [windows](StreamsBuilder&, const Input& in) {
                   in.left.join(in.left, Plus(), windows, StreamJoined().with_store_type(in.medium)).to("out");
                 }});
  all.push_back({"join with a versioned table, with grace", [](StreamsBuilder& builder, const Input& in) {
                   const auto table = builder.table<S, S>("right", Materialized::as_versioned("history", 1min));
                   in.left.join(table, Plus(), Joined().with_grace_period(3s)).to("out");
                 }});
  all.push_back(
      stores_of_a_processor<
          WindowStore<S, S>,
          [](auto& store, const auto& record) { store.put(record.key, record.value, record.timestamp); },
          [](auto& store, const auto& record) { return store.fetch(record.key, record.timestamp).value_or("none"); }>(
          "window store",
          [](StoreMedium medium) { return Stores::window_store<S, S>("store", 10s, 10s, false, medium); }));
  all.push_back(stores_of_a_processor<SessionStore<S, S>,
                                      [](auto& store, const auto& record) {
                                        store.put({record.key, {record.timestamp, record.timestamp}}, &record.value);
                                      },
                                      [](auto& store, const auto& record) {
                                        return store.fetch_session(record.key, record.timestamp, record.timestamp)
                                            .value_or("none");
                                      }>(
      "session store", [](StoreMedium medium) { return Stores::session_store<S, S>("store", 10s, medium); }));
  all.push_back(stores_of_a_processor<VersionedKeyValueStore<S, S>,
                                      [](auto& store, const auto& record) {
                                        (void)store.put(record.key, &record.value, record.timestamp);
                                      },
                                      [](auto& store, const auto& record) {
                                        const auto found = store.get(record.key, record.timestamp);
                                        return found ? found->value : S("none");
                                      }>(
      "versioned store", [](StoreMedium) { return Stores::persistent_versioned_key_value_store<S, S>("store", 10s); }));
  all.push_back({"punctuation by stream time", [](StreamsBuilder&, const Input& in) {
                   in.left.process([] { return std::make_unique<Ticking>(); }).to("out");
                 }});
  return all;
}

/// What happens between two records.
enum class Event { none, restart, crash, other_member, recovery, clock_set_back };
std::ostream& operator<<(std::ostream& out, Event event) {
  constexpr const char* kNames[] = {"nothing", "restart", "crash", "other member", "recovery", "clock set back"};
  return out << kNames[static_cast<int>(event)];
}

struct Line {
  const char* topic;
  const char* key;
  const char* value;
  Timestamp timestamp;
};

const std::vector<Line> kEarly{{"in", "a", "1", 1'000},     {"in", "a", "2", 2'000},     {"in", "b", "3", 21'000},
                               {"right", "a", "r", 21'500}, {"right", "b", "q", 22'000}, {"in", "b", "4", 24'000}};
const std::vector<Line> kLate{
    {"in", "a", "late", 1'500}, {"in", "a", "5", 41'000}, {"right", "b", "s", 41'500}, {"in", "b", "6", 61'000}};

class Run {
 public:
  Run(const Kind& kind, const char* guarantee, StoreMedium medium) {
    faults_.clock = &clock_;
    faults_.small_polls = false;
    const auto admin = broker_->make_admin();
    for (const char* name : {"in", "right", "out"}) {
      NewTopic wanted;
      wanted.name = name;
      wanted.configs = {{"retention.ms", "-1"}};
      BOOST_REQUIRE(admin->create_topic(wanted, Millis(0)));
    }
    reader_->assign({{{"out", 0}, Consumer::kOffsetBeginning}});
    StreamsBuilder builder;
    const auto failing = [](const S&, const S&) {
      if (std::exchange(fail_once, false))
        throw BrokerException(BrokerException::Severity::retriable, "as the test says");
    };
    const Input input{builder.stream<S, S>("in").peek(failing), [&] { return builder.stream<S, S>("right"); }, medium};
    kind.build(builder, input);
    StreamsConfig config;
    config.set("application.id", "time")
        .set("poll.ms", "0")
        .set("commit.interval.ms", "100")
        .set("processing.guarantee", guarantee);
    const Topology topology = builder.build(StreamsConfig().set("topology.optimization", "single.store.self.join"));
    for (auto& process : processes_) {
      process = std::make_unique<Process>(*broker_, faults_, clock_, topology, config, 1);
    }
    running_ = processes_[0].get();
    running_->start();
  }
  ~Run() { running_->close(); }

  void happen(Event event) {
    switch (event) {
      case Event::none: break;
      case Event::restart:
        running_->close();
        running_->start();
        break;
      case Event::crash:
        running_->crash();
        faults_.ghosts.clear();  // the broker has noticed that the process is gone
        running_->start();
        break;
      case Event::other_member:
        running_->close();
        running_ = processes_[1].get();
        running_->start();
        break;
      case Event::recovery: fail_once = true; break;
      case Event::clock_set_back: clock_.set_back(1h); break;
    }
  }

  /// Writes one record and processes it. Returns the results, and the number of dropped records as the last line.
  std::vector<S> feed(const Line& line) {
    const std::uint64_t dropped = running_->metrics().dropped();
    ProducerRecord record;
    record.topic = line.topic;
    record.key = line.key;
    const S value = line.value;
    record.value = value;
    record.timestamp = line.timestamp;
    writer_->send(record);
    writer_->flush(Millis(0));
    run();
    std::vector<S> lines = take();
    lines.push_back("dropped " + std::to_string(running_->metrics().dropped() - dropped));
    return lines;
  }

 private:
  /// Runs the thread until everything is processed and committed. A second passes between two rounds. So in every round
  /// a commit and a description of the group are due, also for a member that has just started.
  void run() {
    for (int round = 0; round < 30; ++round) {
      running_->thread(0).run_once();
      faults_.step();
      clock_.advance(1s);
    }
  }

  std::vector<S> take() {
    std::vector<S> lines;
    std::vector<ConsumerRecord> records;
    do {
      records.clear();
      reader_->poll(records, 10'000, Millis(0));
      for (const ConsumerRecord& record : records) {
        lines.push_back(S(record.key.value_or("null")) + "=" + S(record.value.value_or("null")) + " @" +
                        std::to_string(record.timestamp));
      }
    } while (!records.empty());
    return lines;
  }

  TempDir directory_;
  std::shared_ptr<Broker> broker_ = Broker::embedded(directory_.path().string());
  Faults faults_{1};
  ManualClock clock_;
  std::unique_ptr<Process> processes_[2];
  Process* running_ = nullptr;
  std::unique_ptr<Producer> writer_ = broker_->make_producer({});
  std::unique_ptr<Consumer> reader_ = broker_->make_consumer({{"isolation.level", "read_committed"}});
};

/// The results after each record, if `event` happens before the records of kLate.
std::vector<std::vector<S>> results(const Kind& kind, const char* guarantee, StoreMedium medium, Event event) {
  Run run(kind, guarantee, medium);
  std::vector<std::vector<S>> all;
  for (const Line& line : kEarly) all.push_back(run.feed(line));
  run.happen(event);
  for (const Line& line : kLate) all.push_back(run.feed(line));
  return all;
}

void check(const Kind& kind, const char* guarantee, StoreMedium medium, std::initializer_list<Event> events) {
  const auto expected = results(kind, guarantee, medium, Event::none);
  BOOST_TEST(std::ranges::any_of(expected, [](const auto& lines) { return lines.size() > 1; }));
  for (const Event event : events) {
    const auto found = results(kind, guarantee, medium, event);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      BOOST_TEST_CONTEXT(event << " before the late record, after record " << i) {
        BOOST_TEST(found[i] == expected[i], boost::test_tools::per_element());
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE(ObservedTime)

BOOST_DATA_TEST_CASE(of_operators_survives, data::make(kinds()) * data::make({"at_least_once", "exactly_once_v2"}),
                     kind, guarantee) {
  check(kind, guarantee, StoreMedium::rocksdb, {Event::restart, Event::crash, Event::other_member, Event::recovery});
  check(kind, guarantee, StoreMedium::in_memory, {Event::restart});
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(ClockSetBack)

BOOST_DATA_TEST_CASE(by_an_hour_changes_nothing, data::make(kinds()), kind) {
  check(kind, "at_least_once", StoreMedium::rocksdb, {Event::clock_set_back});
}

BOOST_AUTO_TEST_CASE(by_an_hour_stops_no_punctuation) {
  class Ticking final : public Processor<S, S, S, S> {
    void init(ProcessorContext<S, S>& context) override {
      Processor::init(context);
      context.schedule(10s, PunctuationType::wall_clock_time, [this](Timestamp) {
        this->context().forward({"tick", "", 0, {}});
      });
    }
    void process(Record<S, S>) override {}
  };
  const Kind kind{"punctuation by wall clock", [](StreamsBuilder&, const Input& in) {
                    in.left.process([] { return std::make_unique<Ticking>(); }).to("out");
                  }};
  for (const char* guarantee : {"at_least_once", "exactly_once_v2"}) {
    const auto ticks = results(kind, guarantee, StoreMedium::rocksdb, Event::clock_set_back);
    // At least two ticks in 30 seconds, and the line with the dropped records. The tick that is due when the clock
    // changes may be missing.
    for (const auto& lines : ticks) BOOST_TEST(lines.size() >= 3U);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace millrace::chaos
