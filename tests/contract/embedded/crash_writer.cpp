// Writes to an embedded broker until it is killed, and prints what the broker confirmed. Started by crash_test.cpp and
// lock_test.cpp:  crash_writer DIRECTORY records | transactions | compacted | open
//
//   records       Writes 0, 1, 2... to topic `records`. Prints `n` when all records below n are flushed.
//   transactions  Writes 0, 1, 2... to partitions 0 and 1 of topic `records`, three numbers per transaction. Each
//                 transaction also commits offset n for group `g`. Prints `n` when the transaction that ends before n
//                 is committed. Every fourth transaction writes `aborted` and aborts.
//   compacted     Writes the values 0, 1, 2... under the keys 0 to 99 in turn to topic `compacted`, which has one
//                 partition and is compacted all the time. Prints `n` when all records below n are flushed.
//   open          Leaves a transaction open in `records` and waits. Prints 0 when its record is flushed.

#include <unistd.h>

#include <cstdio>
#include <exception>
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
    const auto broker = Broker::embedded(argv[1]);
    NewTopic topic;
    topic.name = "records";
    topic.partitions = 2;
    (void)broker->make_admin()->create_topic(topic, kForever);
    if (mode == "records") write_records(*broker);
    if (mode == "transactions") write_transactions(*broker);
    if (mode == "open") leave_open(*broker);
  } catch (const std::exception& error) {
    log(LogLevel::error, error.what());
    return 1;
  }
  return 2;
}
