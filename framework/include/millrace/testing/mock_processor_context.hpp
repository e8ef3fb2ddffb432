#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/processor/processor.hpp"
#include "millrace/testing/detail/mock_task.hpp"

namespace millrace {

/// A record that a processor forwarded. (Kafka Streams: `CapturedForward`.)
template <class K, class V>
struct CapturedForward {
  Record<K, V> record;
  std::optional<std::string> child_name;  ///< nullopt: to all children
};

namespace detail {

/// What the mocks below share; a base of its own, since the context refers to its members.
template <class K, class V>
class MockParts {
 protected:
  explicit MockParts(MockTask::Setup setup) : task_mock_(std::move(setup)) {
    output_mock_.add(child_mock_, child_mock_);
  }

  class Node final : public NodeBase {
   public:
    Node() { set_name("mock-processor"); }
    void connect(NodeBase& child) override { type_mismatch(*this, child); }
  };

  /// Stands for all children, whatever their names.
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
    std::optional<std::string> name_asked_for_;
  };

  MockTask task_mock_;
  Node node_mock_;
  Output<K, V> output_mock_;
  Child child_mock_;
};

/// `Context` is ProcessorContext<K, V> or FixedKeyProcessorContext<K, V>.
template <class K, class V, class Context>
class MockContext : private MockParts<K, V>, public Context {
  using Parts = MockParts<K, V>;

 public:
  /// How an application and its task look to the processor; what is unset is asked for in vain (StreamsException).
  using Setup = MockTask::Setup;

  explicit MockContext(Setup setup = {})
      : Parts(std::move(setup)), Context(Parts::task_mock_, Parts::node_mock_, Parts::output_mock_) {}
  MockContext(const MockContext&) = delete;
  MockContext& operator=(const MockContext&) = delete;

  /// Makes the store and connects the processor to it. It lives in memory, wherever the builder says, and has neither
  /// changelog nor cache. Returns it, to be prepared and looked at.
  StateStore& add_state_store(const StoreBuilder& store) { return mock().add_state_store(store); }

  /// All that was forwarded, in order.
  [[nodiscard]] const std::vector<CapturedForward<K, V>>& forwarded() const { return Parts::child_mock_.forwarded; }
  /// What was forwarded to the child of that name or to all children.
  [[nodiscard]] std::vector<CapturedForward<K, V>> forwarded(const std::string& child_name) const {
    std::vector<CapturedForward<K, V>> found;
    for (const auto& one : Parts::child_mock_.forwarded) {
      if (one.child_name.value_or(child_name) == child_name) found.push_back(one);
    }
    return found;
  }
  void reset_forwards() { Parts::child_mock_.forwarded.clear(); }

  /// Whether the processor asked for a commit since the last reset.
  [[nodiscard]] bool committed() const { return Parts::task_mock_.committed(); }
  void reset_commit() { mock().reset_commit(); }

  /// What the processor scheduled; nothing is called by itself.
  [[nodiscard]] const std::vector<CapturedPunctuator>& scheduled_punctuators() const {
    return Parts::task_mock_.punctuators();
  }

  /// Where the next record comes from; nullopt: from nowhere, as in a punctuation.
  void set_record_metadata(std::optional<RecordMetadata> metadata) { mock().set_record_metadata(std::move(metadata)); }
  void set_current_stream_time_ms(Timestamp time) { mock().set_stream_time(time); }
  void set_current_system_time_ms(Timestamp time) { mock().set_system_time(time); }

 private:
  [[nodiscard]] MockTask& mock() { return Parts::task_mock_; }
};

}  // namespace detail

/// A context for tests of one processor that forwards Record<K, V>, without a topology around it:
///
///     MockProcessorContext<std::string, long> context;
///     auto& counts = context.add_state_store(Stores::key_value_store<std::string, long>("counts"));
///     CountingProcessor processor;
///     processor.init(context);
///     processor.process({"a", "1", 10, {}});
///     check(context.forwarded().at(0).record.value == 1);
///
/// Threads: one. (Kafka Streams: `MockProcessorContext`.)
template <class K, class V>
using MockProcessorContext = detail::MockContext<K, V, ProcessorContext<K, V>>;

/// The same for a FixedKeyProcessor. (Kafka Streams 4.4 has none.)
template <class K, class V>
using MockFixedKeyProcessorContext = detail::MockContext<K, V, FixedKeyProcessorContext<K, V>>;

}  // namespace millrace
