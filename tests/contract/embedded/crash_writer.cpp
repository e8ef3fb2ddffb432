// SPDX-License-Identifier: Apache-2.0
// Writes to an embedded broker until it is killed, and prints what the broker confirmed. Started by crash_test.cpp,
// lock_test.cpp and read_only_test.cpp:
//   crash_writer DIRECTORY records | transactions | compacted | large | retained | made_anew | open
//
//   records       Writes 0, 1, 2... to topic `records`. Prints `n` when all records below n are flushed.
//   transactions  Writes 0, 1, 2... to partitions 0 and 1 of topic `records`, three numbers per transaction. Each
//                 transaction also commits offset n for group `g`. Prints `n` when the transaction that ends before n
//                 is committed. Every fourth transaction writes `aborted` and aborts.
//   compacted     Writes the values 0, 1, 2... under the keys 0 to 99 in turn to topic `compacted`, which has one
//                 partition and is compacted all the time. Prints `n` when all records below n are flushed.
//   large         Writes 0, 1, 2... to topic `large`, in records of 20 kB. So RocksDB often begins new files. Prints
//   `n`
//                 when all records below n are flushed.
//   retained      As `large`, but the broker deletes all records but the newest 4 MB all the time.
//   made_anew     Creates topic `made-anew`, writes 0, 1 and 2, deletes the topic, and so on. Prints the number of
//   topics
//                 so far before each deletion.
//   open          Leaves a transaction open in `records` and waits. Prints 0 when its record is flushed.

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <random>
#include <string>
#include <thread>

#include "broker/embedded/core.hpp"
#include "broker/embedded/embedded_producer.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/common/logging.hpp"

namespace {

using namespace millrace;
using namespace millrace::detail;

constexpr Millis kForever{1000000};

void send(Producer& producer, int partition, const std::string& value) {
  ProducerRecord record;
  record.topic = "records";
  record.partition = partition;
  record.value = value;
  producer.send(record);
}

void confirm(long n) {
  std::printf("%ld\n", n);
  std::fflush(stdout);
}

/// The number of visible records in partition 0. There an earlier writer was killed, so this writer continues there.
long count(Broker& broker) {
  const auto reader = broker.make_consumer({});
  const TopicPartition partition{"records", 0};
  reader->assign({{partition, Consumer::kOffsetBeginning}});
  const std::int64_t end = reader->query_watermarks(partition, kForever).high;
  std::vector<ConsumerRecord> records;
  while (reader->position(partition).value_or(0) < end) reader->poll(records, 1000, Millis{10});
  return static_cast<long>(records.size());
}

void write_records(Broker& broker) {
  const auto producer = broker.make_producer({});
  for (long n = count(broker);; ++n) {
    send(*producer, 0, std::to_string(n));
    if (n % 7 != 0) continue;
    producer->flush(kForever);
    confirm(n + 1);
  }
}

void write_transactions(Broker& broker) {
  const auto producer = broker.make_producer({{"transactional.id", "writer"}});
  producer->init_transactions(kForever);
  long n = count(broker);
  for (int round = 0;; ++round) {
    producer->begin_transaction();
    if (round % 4 == 3) {
      send(*producer, round % 2, "aborted");
      if (round % 8 == 3) producer->flush(kForever);
      producer->abort_transaction(kForever);
      continue;
    }
    for (int i = 0; i < 3; ++i) {
      for (int partition : {0, 1}) send(*producer, partition, std::to_string(n + i));
    }
    n += 3;
    producer->send_offsets_to_transaction({{{"records", 0}, {n, std::nullopt, ""}}}, ConsumerGroupMetadata("g"));
    producer->commit_transaction(kForever);
    confirm(n);
  }
}

void write_compacted(const std::string& directory) {
  const auto core = std::make_shared<embedded::Core>(directory);
  NewTopic topic;
  topic.name = "compacted";
  topic.configs = {{"cleanup.policy", "compact"}, {"min.cleanable.dirty.ratio", "0"}};
  {
    const std::lock_guard lock(core->mutex);
    (void)core->topics.create(topic);
  }
  std::thread([core] {
    for (;;) core->cleaner.compact(Clock::system().now());
  }).detach();
  embedded::EmbeddedProducer producer(core, {}, nullptr);
  long n = static_cast<long>(core->topics.get(TopicPartition{"compacted", 0}).next.value());
  for (;; ++n) {
    const std::string key = std::to_string(n % 100);
    const std::string value = std::to_string(n);
    ProducerRecord record;
    record.topic = "compacted";
    record.key = key;
    record.value = value;
    producer.send(record, 0);
    if (n % 7 != 0) continue;
    producer.flush(kForever);
    confirm(n + 1);
  }
}

void write_large(const std::string& directory, bool retained) {
  const auto core = std::make_shared<embedded::Core>(directory);
  NewTopic topic;
  topic.name = "large";
  if (retained) topic.configs = {{"retention.bytes", std::to_string(4 << 20)}};
  {
    const std::lock_guard lock(core->mutex);
    (void)core->topics.create(topic);
  }
  if (retained) {
    std::thread([core] {
      for (;;) core->cleaner.apply_retention(Clock::system().now());
    }).detach();
  }
  embedded::EmbeddedProducer producer(core, {}, nullptr);
  for (long n = static_cast<long>(core->topics.get(TopicPartition{"large", 0}).next.value());; ++n) {
    // Without a pattern, so that compression does not make the record small.
    std::minstd_rand random(static_cast<unsigned>(n + 1));
    std::string value = std::to_string(n) + " ";
    while (value.size() < 20000) {
      const auto bits = random();
      value.append(reinterpret_cast<const char*>(&bits), 4);
    }
    ProducerRecord record;
    record.topic = "large";
    record.value = value;
    producer.send(record, 0);
    if (n % 7 != 0) continue;
    producer.flush(kForever);
    confirm(n + 1);
  }
}

void make_anew(Broker& broker) {
  const auto admin = broker.make_admin();
  const auto producer = broker.make_producer({});
  for (long n = 1;; ++n) {
    NewTopic topic;
    topic.name = "made-anew";
    (void)admin->create_topic(topic, kForever);
    for (int i = 0; i < 3; ++i) {
      const std::string value = std::to_string(i);
      ProducerRecord record;
      record.topic = topic.name;
      record.value = value;
      producer->send(record);
    }
    producer->flush(kForever);
    confirm(n);
    // Otherwise the topic would be there so briefly that readers hardly ever see it.
    std::this_thread::sleep_for(Millis{5});
    admin->delete_topic(topic.name, kForever);
  }
}

void leave_open(Broker& broker) {
  const auto producer = broker.make_producer({{"transactional.id", "writer"}});
  producer->init_transactions(kForever);
  producer->begin_transaction();
  send(*producer, 0, "never committed");
  producer->flush(kForever);
  confirm(0);
  for (;;) ::pause();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string mode = argv[2];
  try {
    if (mode == "compacted") write_compacted(argv[1]);
    if (mode == "large" || mode == "retained") write_large(argv[1], mode == "retained");
    const auto broker = Broker::embedded(argv[1]);
    NewTopic topic;
    topic.name = "records";
    topic.partitions = 2;
    (void)broker->make_admin()->create_topic(topic, kForever);
    if (mode == "records") write_records(*broker);
    if (mode == "transactions") write_transactions(*broker);
    if (mode == "made_anew") make_anew(*broker);
    if (mode == "open") leave_open(*broker);
  } catch (const std::exception& error) {
    log(LogLevel::error, error.what());
    return 1;
  }
  return 2;
}
