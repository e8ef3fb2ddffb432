// SPDX-License-Identifier: Apache-2.0
// `--show`: topics are shown while an application runs.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "app/show_topics.hpp"

#include "captured.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/millrace.hpp"
#include "millrace/serde/windowed.hpp"
#include "support/temp_dir.hpp"

using namespace millrace;
using detail::ShownTopic;
using detail::ShowTopics;
using S = std::string;

namespace {

/// Writes texts to "words", counts per minute to "counts", and sessions to "sessions".
Topology counting() {
  StreamsBuilder builder;
  const auto words = builder.stream<S, S>("in");
  words.to("words");
  const auto grouped = words.group_by_key();
  grouped.windowed_by(TimeWindows::of_size_with_no_grace(1min)).count().to("counts");
  grouped.windowed_by(SessionWindows::of_inactivity_gap_with_no_grace(1min)).count().to("sessions");
  return builder.build();
}

struct World {
  TempDir dir;
  std::shared_ptr<Broker> broker = Broker::embedded(dir.path().string());

  World() {
    for (const auto* const name : {"words", "counts", "sessions"})
      broker->make_admin()->create_topic({name, 1, -1, {}}, 10s);
  }
  void write(const S& topic, BytesView key, BytesView value, Timestamp time = 60'000) {
    const auto producer = broker->make_producer({}, nullptr);
    ProducerRecord record;
    record.topic = topic;
    record.key = key;
    record.value = value;
    record.timestamp = time;
    producer->send(record, 0);
    producer->flush(10s);
  }
  /// What is printed for records that are written meanwhile.
  template <class F>
  S shown(const std::vector<S>& options, F write) {
    std::vector<ShownTopic> topics;
    for (const S& option : options) topics.push_back(ShownTopic::parse(option, counting()));
    const Captured out(std::cout);
    ShowTopics show(broker, std::move(topics), 10s);
    write();
    show.finish();
    return out.text();
  }
};

const S kOne("\0\0\0\0\0\0\0\1", 8);
const S kMinute("\0\0\0\0\0\0\xea\x60", 8);  // 60'000

S config_error(const S& option) {
  try {
    (void)ShownTopic::parse(option, counting());
  } catch (const ConfigException& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ShowTopicsSuite, World)

BOOST_AUTO_TEST_CASE(prints_the_records_that_come_after_its_start) {
  write("words", "a", "before");
  BOOST_TEST(shown({"words"}, [&] {
               write("words", "a", "1");
               write("words", std::nullopt, std::nullopt);
             }) == "1970-01-01 00:01:00.000Z  0:1  a  1\n1970-01-01 00:01:00.000Z  0:2  null  null\n");
}

BOOST_AUTO_TEST_CASE(decodes_what_the_topology_writes) {
  const S out = shown({"counts", "sessions"}, [&] {
    write("counts", "a" + kMinute, kOne);
    write("sessions", "a" + kMinute + kMinute, kOne);
  });
  const S count = "counts    1970-01-01 00:01:00.000Z  0:0  [a@1970-01-01 00:01:00.000Z]";
  const S session =
      "sessions  1970-01-01 00:01:00.000Z  0:0  [a@1970-01-01 00:01:00.000Z/1970-01-01 00:01:00.000Z]  1\n";
  // The records of two topics come in any order. Behind a wide key, other keys are padded to 48 columns.
  const S narrow = count + "  1\n" + session;
  const S wide = session + count + S(48 - 28, ' ') + "  1\n";
  BOOST_TEST((out == narrow || out == wide), out);
}

BOOST_AUTO_TEST_CASE(shows_bytes_that_do_not_fit_as_they_are) {
  BOOST_TEST(shown({"counts"}, [&] { write("counts", "short", "text"); }) ==
             "1970-01-01 00:01:00.000Z  0:0  short  text\n");
}

BOOST_AUTO_TEST_CASE(takes_formats_from_the_option) {
  BOOST_TEST(shown({"words=hex,long"}, [&] { write("words", "a", kOne); }) == "1970-01-01 00:01:00.000Z  0:0  61  1\n");
  BOOST_TEST(shown({"counts=hex"}, [&] { write("counts", "a" + kMinute, kOne); }) ==
             "1970-01-01 00:01:00.000Z  0:0  [a@1970-01-01 00:01:00.000Z]  0000000000000001\n");
}

BOOST_AUTO_TEST_CASE(shows_only_committed_records) {
  BOOST_TEST(shown({"words"}, [&] {
               const auto producer = broker->make_producer({{"transactional.id", "t"}}, nullptr);
               producer->init_transactions(10s);
               for (const S value : {"lost", "kept"}) {
                 producer->begin_transaction();
                 ProducerRecord record;
                 record.topic = "words";
                 record.value = value;
                 record.timestamp = 0;
                 producer->send(record, 0);
                 value == "kept" ? producer->commit_transaction(10s) : producer->abort_transaction(10s);
               }
             }).ends_with("null  kept\n"));
}

BOOST_AUTO_TEST_CASE(refuses_wrong_options) {
  BOOST_TEST(config_error("").starts_with("--show : write --show TOPIC"));
  BOOST_TEST(config_error("=long").starts_with("--show =long: write --show TOPIC"));
  BOOST_TEST(config_error("counts=int").starts_with("--show counts=int: there is no format 'int', only auto, string"));
  try {
    ShowTopics(broker, {{"typo", {}}}, 10s);
    BOOST_ERROR("no exception");
  } catch (const TopologyException& error) {
    BOOST_TEST(S(error.what()).starts_with("--show typo: there is no topic 'typo' on embedded:"), error.what());
  }
}

BOOST_AUTO_TEST_SUITE_END()
