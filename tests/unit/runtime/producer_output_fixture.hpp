// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/processor/detail/node.hpp"
#include "runtime/thread/producer_output.hpp"
#include "support/idle_task.hpp"
#include "unit/runtime/fake_producer.hpp"

/// Shared by the tests of ProducerOutput.
namespace millrace::detail {

using Severity = BrokerException::Severity;
using Calls = std::vector<std::string>;
using S = std::string;

inline const ConsumerGroupMetadata kGroup("app");
inline const std::map<TopicPartition, OffsetAndMetadata> kOffsets{{{"in", 0}, {7, std::nullopt, "m"}}};

/// A node that only has a name, for the sender of a record.
class NamedNode final : public NodeBase {
 public:
  explicit NamedNode(const std::string& name) { set_name(name); }
  void connect(NodeBase&, NodeTimer*) override {}
};

/// A clock that a test moves.
struct MovedClock : Clock {
  Timestamp time = 5'000;
  [[nodiscard]] Timestamp now() const override { return 1; }
  [[nodiscard]] Timestamp monotonic_ms() const override { return time; }
};

/// A producer output with a scripted fake producer. The production handler counts its calls in `asked` and answers with
/// `response`.
struct ProducerOutputFixture {
  ProducerOnlyBroker broker;
  ErrorPolicy errors;
  int asked = 0;
  std::string told;      ///< the origin of the record of the last error
  std::string to_write;  ///< the record that the last error prevented
  HandlerResponse response = HandlerResponse::fail();
  Patience patience{Millis(2'000)};
  ClientMetrics client;
  ThreadMetrics metrics{client, "thread", [] { return "RUNNING"; }};
  std::unique_ptr<ProducerOutput> output;
  std::string in = "in";
  RecordOrigin origin;
  IdleTask task;
  std::optional<RecordScope> in_hand;
  NamedNode node{"sink"};
  Sender sender{&task, &node};

  ProducerOutputFixture() {
    origin.topic = &in;
    origin.offset = 7;
    origin.partition = 0;
    origin.raw_key = "read key";
    in_hand.emplace(task, CurrentRecord{.origin = &origin, .timestamp = 5});
    errors.handlers.production = [this](const ErrorContext& error) {
      ++asked;
      told = error.topic + "@" + std::to_string(error.offset) + " " + error.node + " " +
             std::string(error.raw_key.value_or("null"));
      const UnwrittenRecord& record = error.output.value();
      to_write = record.topic + " " + std::string(record.key.value_or("null")) + "=" +
                 std::string(record.value.value_or("null")) + "@" + std::to_string(record.timestamp) + " headers " +
                 std::to_string(record.headers->size());
      return response;
    };
  }
  ProducerOutput& make(bool exactly_once, ProducerOutput::Batches batches = ProducerOutput::Batches::one_record_each) {
    output = std::make_unique<ProducerOutput>(broker, ClientConfig(), exactly_once, errors, metrics, batches);
    return *output;
  }
  void send(const std::string& value = "v", const Headers& headers = {{"h", "1"}}) {
    output->send("out", std::nullopt, "k", value, 1, headers, sender);
  }
  void send_refused() {
    broker.script.refuse = Severity::fatal;
    send();
    broker.script.refuse.reset();
    output->flush(patience);
  }
  [[nodiscard]] std::uint64_t dropped() { return client.dropped(DropReason::production_error).value(); }
  [[nodiscard]] double dropped_at_tasks(const MetricTags& tags) {
    return client.registry.snapshot().sum("stream-task-metrics", "dropped-records-by-reason-total", tags);
  }
  [[nodiscard]] const Calls& calls() const { return broker.script.calls; }
};

inline bool is_retriable(const BrokerException& error) { return error.severity() == Severity::retriable; }
inline bool is_fenced(const BrokerException& error) { return error.severity() == Severity::fenced; }

}  // namespace millrace::detail
