// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/processor/processor.hpp"
#include "millrace/testing/detail/mock_task.hpp"

namespace millrace {

/// A record that the processor forwarded. (Kafka Streams: `CapturedForward`.)
template <class K, class V>
struct CapturedForward {
  Record<K, V> record;
  std::optional<std::string> child_name;  ///< nullopt: forwarded to all children
};

namespace detail {

/// The objects to which a mock context refers. They are in a base class of their own, so that they exist before the
/// context, which takes references to them.
template <class K, class V>
class MockParts {
 protected:
  explicit MockParts(MockTask::Setup setup) : task_mock_(std::move(setup)) {
    output_mock_.add(child_mock_, child_mock_);
  }

  /// Stands for the processor's node.
  class Node final : public NodeBase {
   public:
    Node() { set_name("mock-processor"); }
    void connect(NodeBase& child, NodeTimer* /*timer*/) override { type_mismatch(*this, child); }
  };

  /// Stands for all children. It accepts every child name and keeps what it gets.
  class Child final : public TerminalNode<K, V> {
   public:
    [[nodiscard]] bool answers_to(const std::string& name) override {
      name_asked_for_ = name;
      return true;
    }
    Output<K, V>* process(Record<K, V>& record) override {
      forwarded.push_back({std::move(record), std::exchange(name_asked_for_, std::nullopt)});
      return nullptr;
    }

    std::vector<CapturedForward<K, V>> forwarded;

   private:
    /// The name of the last lookup. The forwarded record follows directly after it.
    std::optional<std::string> name_asked_for_;
  };

  MockTask task_mock_;
  Node node_mock_;
  Output<K, V> output_mock_;
  Child child_mock_;
};

/// The common part of both mock contexts. `Context` is ProcessorContext<K, V> or FixedKeyProcessorContext<K, V>.
template <class K, class V, class Context>
class MockContext : private MockParts<K, V>, public Context {
  using Parts = MockParts<K, V>;

 public:
  /// What the processor sees of its application and task: configuration, task id, state directory. If the processor
  /// asks for something that was not set, it gets a StreamsException that says how to set it.
  using Setup = MockTask::Setup;

  explicit MockContext(Setup setup = {})
      : Parts(std::move(setup)), Context(Parts::task_mock_, Parts::node_mock_, Parts::output_mock_) {}
  MockContext(const MockContext&) = delete;
  MockContext& operator=(const MockContext&) = delete;

  /// Makes a store and connects the processor to it. The store is in memory, whatever the builder says, and has neither
  /// changelog nor cache. Returns the store, so that a test can fill and read it. It lives as long as the context.
  /// Throws TopologyException if there is a store with this name.
  StateStore& add_state_store(const StoreBuilder& store) { return mock().add_state_store(store); }

  /// All forwarded records, in order, since the last reset_forwards().
  [[nodiscard]] const std::vector<CapturedForward<K, V>>& forwarded() const { return Parts::child_mock_.forwarded; }
  /// The records that this child would get: those that were forwarded to it and those that were forwarded to all
  /// children.
  [[nodiscard]] std::vector<CapturedForward<K, V>> forwarded(const std::string& child_name) const {
    std::vector<CapturedForward<K, V>> found;
    for (const auto& one : Parts::child_mock_.forwarded) {
      if (one.child_name.value_or(child_name) == child_name) found.push_back(one);
    }
    return found;
  }
  /// Forgets the forwarded records.
  void reset_forwards() { Parts::child_mock_.forwarded.clear(); }

  /// Whether the processor has called commit() since the last reset_commit().
  [[nodiscard]] bool committed() const { return Parts::task_mock_.committed(); }
  void reset_commit() { mock().reset_commit(); }

  /// The punctuations that the processor has scheduled. The mock calls none of them; a test calls them itself.
  [[nodiscard]] const std::vector<CapturedPunctuator>& scheduled_punctuators() const {
    return Parts::task_mock_.punctuators();
  }

  /// Where the next records come from (topic, partition, offset). nullopt: from nowhere, as inside a punctuation.
  void set_record_metadata(std::optional<RecordMetadata> metadata) { mock().set_record_metadata(std::move(metadata)); }
  /// The two times that the processor sees, in ms since the epoch. Without them, asking for a time throws
  /// StreamsException.
  void set_current_stream_time_ms(Timestamp time) { mock().set_stream_time(time); }
  void set_current_system_time_ms(Timestamp time) { mock().set_system_time(time); }

 private:
  [[nodiscard]] MockTask& mock() { return Parts::task_mock_; }
};

}  // namespace detail

/// A context for testing one processor that forwards Record<K, V>, without a topology:
///
///     MockProcessorContext<std::string, long> context;
///     auto& counts = context.add_state_store(Stores::key_value_store<std::string, long>("counts"));
///     CountingProcessor processor;
///     processor.init(context);
///     processor.process({"a", "1", 10, {}});
///     check(context.forwarded().at(0).record.value == 1);
///
/// Nothing runs by itself: no commit, no punctuation, no error handler. Exceptions of the processor reach the test.
///
/// Threads: one. (Kafka Streams: `MockProcessorContext`.)
template <class K, class V>
using MockProcessorContext = detail::MockContext<K, V, ProcessorContext<K, V>>;

/// The same for a FixedKeyProcessor. (Kafka Streams 4.4 has none.)
template <class K, class V>
using MockFixedKeyProcessorContext = detail::MockContext<K, V, FixedKeyProcessorContext<K, V>>;

}  // namespace millrace
