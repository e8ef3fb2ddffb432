#pragma once

#include <concepts>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "millrace/processor/detail/node.hpp"
#include "millrace/processor/punctuator.hpp"
#include "millrace/processor/record.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace {

/// What a processor can ask of its task, without the types of what it forwards.
class ProcessingContext {
 public:
  ProcessingContext(detail::TaskContext& task, detail::NodeBase& node) : task_(task), node_(node) {}

  /// A store that this processor is connected to. `Store` is its interface (`KeyValueStore<K, V>`,
  /// `WindowStore<K, V>`...). Valid until the processor is closed.
  /// Throws TopologyException if the store is not connected to this node or has other types.
  template <class Store>
  [[nodiscard]] Store& get_state_store(const std::string& name) {
    auto* store = dynamic_cast<Store*>(&task_.store(node_, name));
    if (store == nullptr) refuse_store_type(name);
    return *store;
  }

  /// Calls `callback` every `interval` (at least 1 ms). Stream time: on a grid that starts at 0, first with the first
  /// record, at most once per step however far time jumps. Wall clock: first after one interval.
  Cancellable schedule(Millis interval, PunctuationType type, Punctuator callback) {
    return task_.schedule(node_, std::nullopt, interval, type, std::move(callback));
  }
  /// The same on a grid through `start` (ms since the epoch, not negative): first at `start`, or if that is past, at
  /// the next slot behind now. All tasks and restarts with the same `start` share one grid.
  Cancellable schedule(Timestamp start, Millis interval, PunctuationType type, Punctuator callback) {
    return task_.schedule(node_, start, interval, type, std::move(callback));
  }
  template <class F>
  requires(!std::convertible_to<F, Punctuator>) auto schedule(Millis /*interval*/, PunctuationType /*type*/,
                                                              F /*callback*/) {
    static_assert(std::convertible_to<F, Punctuator>,
                  "a punctuation is a function that is callable with the time, as callback(Timestamp)");
  }
  template <class F>
  requires(!std::convertible_to<F, Punctuator>) auto schedule(Timestamp /*start*/, Millis interval,
                                                              PunctuationType type, F callback) {
    return schedule(interval, type, std::move(callback));
  }

  /// Asks for a commit soon; it happens after the current record.
  void commit() { task_.request_commit(); }

  [[nodiscard]] TaskId task_id() const { return task_.task_id(); }
  [[nodiscard]] const std::string& application_id() const { return task_.application_id(); }
  /// The task's directory, for files of your own beside the stores'. It stays over restarts and goes when another
  /// instance has long had the task. Throws StreamsException in an application that keeps nothing on disk.
  [[nodiscard]] std::filesystem::path state_dir() const { return task_.state_dir(); }
  [[nodiscard]] const StreamsConfig& app_configs() const { return task_.config(); }
  [[nodiscard]] Timestamp current_stream_time_ms() const { return task_.stream_time(); }
  [[nodiscard]] Timestamp current_system_time_ms() const { return task_.system_time(); }

  /// Topic, partition and offset of the record being processed; nullopt inside a punctuation.
  [[nodiscard]] std::optional<RecordMetadata> record_metadata() const {
    const detail::RecordOrigin& origin = *task_.current_record().origin;
    if (origin.topic == nullptr) return std::nullopt;
    return RecordMetadata{*origin.topic, origin.partition, origin.offset};
  }

 protected:
  /// Kafka has no records from before the epoch. (Java: the constructor of `Record` refuses them.)
  void require_time(Timestamp timestamp) const {
    if (timestamp < 0) refuse_time(timestamp);
  }

  detail::TaskContext& task_;
  detail::NodeBase& node_;

 private:
  [[noreturn]] void refuse_store_type(const std::string& store) const;
  [[noreturn]] void refuse_time(Timestamp timestamp) const;
};

/// The context of a processor that forwards Record<K, V>. (Kafka Streams: `ProcessorContext`.)
template <class K, class V>
class ProcessorContext : public ProcessingContext {
 public:
  ProcessorContext(detail::TaskContext& task, detail::NodeBase& node, detail::Output<K, V> output)
      : ProcessingContext(task, node), output_(std::move(output)) {}

  /// Sends a record to all children, or to the one named. Throws StreamsException if its timestamp is negative or there
  /// is no such child. A record that is moved here is the children's to move on.
  void forward(Record<K, V>&& record) {
    require_time(record.timestamp);
    output_.forward_inline(task_, record);
  }
  void forward(Record<K, V>&& record, const std::string& child_name) {
    require_time(record.timestamp);
    output_.forward_to(task_, node_, child_name, record);
  }
  void forward(const Record<K, V>& record) { forward(Record<K, V>(record)); }
  void forward(const Record<K, V>& record, const std::string& child_name) { forward(Record<K, V>(record), child_name); }
  template <class K2, class V2, class... Child>
  requires(!std::same_as<Record<K2, V2>, Record<K, V>>) auto forward(const Record<K2, V2>& /*record*/,
                                                                     const Child&... /*child_name*/) {
    static_assert(std::same_as<Record<K2, V2>, Record<K, V>>,
                  "a processor forwards records of its own output types: KOut and VOut of Processor<KIn, VIn, KOut, "
                  "VOut>");
  }

 private:
  detail::Output<K, V> output_;  ///< a copy of the node's, whose children are known: a load nearer for each record
};

/// The context of a processor that keeps its records' keys. (Kafka Streams: `FixedKeyProcessorContext`.)
template <class K, class V>
class FixedKeyProcessorContext : public ProcessingContext {
 public:
  FixedKeyProcessorContext(detail::TaskContext& task, detail::NodeBase& node, detail::Output<K, V> output)
      : ProcessingContext(task, node), output_(std::move(output)) {}

  /// Sends a record to all children, or to the one named, as ProcessorContext does.
  void forward(FixedKeyRecord<K, V>&& record) {
    require_time(record.timestamp());
    output_.forward_inline(task_, record.record_);
  }
  void forward(FixedKeyRecord<K, V>&& record, const std::string& child_name) {
    require_time(record.timestamp());
    output_.forward_to(task_, node_, child_name, record.record_);
  }
  void forward(const FixedKeyRecord<K, V>& record) { forward(FixedKeyRecord<K, V>(record)); }
  void forward(const FixedKeyRecord<K, V>& record, const std::string& child_name) {
    forward(FixedKeyRecord<K, V>(record), child_name);
  }
  template <class K2, class V2, class... Child>
  requires(!std::same_as<FixedKeyRecord<K2, V2>, FixedKeyRecord<K, V>>) auto forward(
      const FixedKeyRecord<K2, V2>& /*record*/, const Child&... /*child_name*/) {
    static_assert(std::same_as<FixedKeyRecord<K2, V2>, FixedKeyRecord<K, V>>,
                  "a processor forwards records of its own output type: VOut of FixedKeyProcessor<K, VIn, VOut>");
  }

 private:
  detail::Output<K, V> output_;
};

/// User code with state and time. One instance per task, used by one thread. (Kafka Streams: `Processor`.)
template <class KIn, class VIn, class KOut = KIn, class VOut = VIn>
class Processor {
 public:
  using KeyIn = KIn;
  using ValueIn = VIn;
  using KeyOut = KOut;
  using ValueOut = VOut;

  virtual ~Processor() = default;

  /// Called once before the first record: look up stores, schedule punctuations. Override and call the base, or keep
  /// the context yourself.
  virtual void init(ProcessorContext<KOut, VOut>& context) { context_ = &context; }
  virtual void process(Record<KIn, VIn> record) = 0;
  /// Called before each commit of the task, when all records that the commit covers are processed: forward or store
  /// here what must not be missing from the commit, such as the content of a buffer of your own. Upstream processors
  /// are called first. There may have been no record since the last call. What it throws goes to the processing
  /// exception handler, as from process(). (Kafka Connect has `SinkTask#preCommit`; Kafka Streams has none.)
  virtual void prepare_commit() {}
  virtual void close() {}

 protected:
  [[nodiscard]] ProcessorContext<KOut, VOut>& context() const { return *context_; }

 private:
  ProcessorContext<KOut, VOut>* context_ = nullptr;
};

/// As Processor, for process_values: the key stays. (Kafka Streams: `FixedKeyProcessor`.)
template <class K, class VIn, class VOut = VIn>
class FixedKeyProcessor {
 public:
  using KeyIn = K;
  using ValueIn = VIn;
  using ValueOut = VOut;

  virtual ~FixedKeyProcessor() = default;
  virtual void init(FixedKeyProcessorContext<K, VOut>& context) { context_ = &context; }
  virtual void process(FixedKeyRecord<K, VIn> record) = 0;
  /// See Processor.
  virtual void prepare_commit() {}
  virtual void close() {}

 protected:
  [[nodiscard]] FixedKeyProcessorContext<K, VOut>& context() const { return *context_; }

 private:
  FixedKeyProcessorContext<K, VOut>* context_ = nullptr;
};

namespace detail {

/// The record for a processor to keep. The headers are copied: error handlers want those of the record in hand.
template <class K, class V>
[[nodiscard]] Record<K, V> take(Record<K, V>& record) {
  return {std::move(record.key), std::move(record.value), record.timestamp, record.headers};
}

/// Runs a Processor as a node.
template <class KIn, class VIn, class KOut, class VOut>
class ProcessorNode final : public OperatorNode<KIn, VIn, KOut, VOut> {
 public:
  explicit ProcessorNode(std::unique_ptr<Processor<KIn, VIn, KOut, VOut>> processor)
      : processor_(std::move(processor)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    context_.emplace(task, *this, this->output());
    processor_->init(*context_);
  }
  Output<KIn, VIn>* process(Record<KIn, VIn>& record) override {
    processor_->process(take(record));
    return nullptr;
  }
  [[nodiscard]] bool has_commit_hook() const override { return true; }
  void prepare_commit() override { processor_->prepare_commit(); }
  void close() override { processor_->close(); }

 private:
  std::unique_ptr<Processor<KIn, VIn, KOut, VOut>> processor_;
  std::optional<ProcessorContext<KOut, VOut>> context_;
};

template <class K, class VIn, class VOut>
class FixedKeyProcessorNode final : public OperatorNode<K, VIn, K, VOut> {
 public:
  explicit FixedKeyProcessorNode(std::unique_ptr<FixedKeyProcessor<K, VIn, VOut>> processor)
      : processor_(std::move(processor)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    context_.emplace(task, *this, this->output());
    processor_->init(*context_);
  }
  Output<K, VIn>* process(Record<K, VIn>& record) override {
    processor_->process(FixedKeyRecord<K, VIn>(take(record)));
    return nullptr;
  }
  [[nodiscard]] bool has_commit_hook() const override { return true; }
  void prepare_commit() override { processor_->prepare_commit(); }
  void close() override { processor_->close(); }

 private:
  std::unique_ptr<FixedKeyProcessor<K, VIn, VOut>> processor_;
  std::optional<FixedKeyProcessorContext<K, VOut>> context_;
};

/// The processor type that `F()` makes, without its std::unique_ptr; void if it makes anything else.
template <class F>
struct Supplied {
  using Type = void;
};
template <class F>
requires(std::invocable<F&>&& requires(std::invoke_result_t<F&> made) {
  typename decltype(made)::element_type;
  { made.release() } -> std::same_as<typename decltype(made)::element_type*>;
}) struct Supplied<F> {
  using Type = typename std::invoke_result_t<F&>::element_type;
};

using ConnectedStores = std::vector<std::shared_ptr<const StoreBuilder>>;

/// The stores that a processor supplier brings along, if it has a `stores()`. (Kafka Streams:
/// `ConnectedStoreProvider`.)
template <class F>
[[nodiscard]] ConnectedStores connected_stores(F& supplier) {
  if constexpr (requires { supplier.stores(); }) {
    constexpr bool kSharesStores = requires {
      { *supplier.stores().begin() } -> std::convertible_to<ConnectedStores::value_type>;
    };
    static_assert(kSharesStores,
                  "stores() of a processor supplier returns a std::vector<std::shared_ptr<const StoreBuilder>>");
    if constexpr (kSharesStores) {
      const auto stores = supplier.stores();
      return ConnectedStores(stores.begin(), stores.end());
    }
  }
  return {};
}

}  // namespace detail
}  // namespace millrace
