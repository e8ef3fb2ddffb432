// SPDX-License-Identifier: Apache-2.0
// A broker and its clients in static objects. They are destroyed after main(), and after the static objects of
// libraries that were constructed later.
//
//     static_broker DIRECTORY
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "millrace/broker/broker.hpp"

using namespace millrace;

namespace {

struct ReadAll final : RebalanceListener {
  std::vector<TopicPartition> on_partitions_assigned(const std::vector<TopicPartition>& p) override { return p; }
  std::vector<TopicPartition> on_partitions_revoked(const std::vector<TopicPartition>& p) override { return p; }
  std::vector<TopicPartition> on_partitions_lost(const std::vector<TopicPartition>& p) override { return p; }
};

// Constructed before all static objects of the broker's library, so destroyed after them.
ReadAll listener;
std::shared_ptr<Broker> broker;
std::unique_ptr<Producer> producer;
std::unique_ptr<Producer> transactional;
std::unique_ptr<Consumer> consumer;
std::unique_ptr<Admin> admin;

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  broker = Broker::embedded(argv[1]);
  admin = broker->make_admin();
  admin->create_topic({.name = "t", .partitions = 1, .configs = {}}, Millis(1000));
  producer = broker->make_producer({});
  producer->send({.topic = "t", .partition = 0, .key = {}, .value = "flushed", .timestamp = {}});
  producer->flush(Millis(1000));
  consumer = broker->make_consumer({{"group.id", "g"}, {"auto.offset.reset", "earliest"}});
  consumer->subscribe({"t"}, listener);
  std::vector<ConsumerRecord> records;
  for (int i = 0; i < 100 && records.empty(); ++i) consumer->poll(records, 1, Millis(100));
  consumer->commit_sync({{{"t", 0}, {1, std::nullopt, ""}}});
  // The transaction stays open, and the other producer's records are not flushed, when main() returns.
  transactional = broker->make_producer({{"transactional.id", "tx"}});
  transactional->init_transactions(Millis(1000));
  transactional->begin_transaction();
  transactional->send({.topic = "t", .partition = 0, .key = {}, .value = "open", .timestamp = {}});
  producer->send({.topic = "t", .partition = 0, .key = {}, .value = "waits", .timestamp = {}});
  return records.size() == 1 ? 0 : 1;
}
