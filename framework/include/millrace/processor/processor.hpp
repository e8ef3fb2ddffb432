// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "millrace/processor/detail/node.hpp"
#include "millrace/processor/punctuator.hpp"
#include "millrace/processor/record.hpp"
#include "millrace/state/state_store.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace {

/// The access of a processor to its task, without the types of the records that it forwards. Used by the task's thread
/// only. (Kafka Streams: `ProcessingContext`.)
class ProcessingContext {
 public:
  /// Made by the engine. Both outlive the context.
  ProcessingContext(detail::TaskContext& task, detail::NodeBase& node) : task_(task), node_(node) {}

  /// A store that this processor is connected to. `Store` is the store's interface, such as `KeyValueStore<K, V>` or
  /// `WindowStore<K, V>`. The reference is valid until the processor is closed. Throws TopologyException if the store
  /// is not connected to this node, or has other types.
  template <class Store>
  [[nodiscard]] Store& get_state_store(const std::string& name) {
    auto* store = dynamic_cast<Store*>(&task_.store(node_, name));
    if (store == nullptr) refuse_store_type(name, task_.store(node_, name).interface());
    return *store;
  }

  /// Calls `callback` every `interval` (at least 1 ms).
  ///
  /// Stream time: the calls are due at multiples of the interval, counted from time 0. The first call comes with the
  /// first record. If time jumps over several multiples, there is one call. Wall clock: the first call comes after one
  /// interval.
  Cancellable schedule(Millis interval, PunctuationType type, Punctuator callback) {
    return task_.schedule(node_, std::nullopt, interval, type, std::move(callback));
  }
  /// As above, but the calls are due at `start` (ms since the epoch, not negative) plus multiples of the interval. If
  /// `start` is in the past, the first call comes at the next of these times. All tasks, and all restarts, with the
  /// same `start` have the same times.
  Cancellable schedule(Timestamp start, Millis interval, PunctuationType type, Punctuator callback) {
    return task_.schedule(node_, start, interval, type, std::move(callback));
  }
  /// Prints what is wrong with a callback that does not take the time.
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

  /// Asks for a commit soon. It happens after the current record was processed.
  void commit() { task_.request_commit(); }

  [[nodiscard]] TaskId task_id() const { return task_.task_id(); }
  [[nodiscard]] const std::string& application_id() const { return task_.application_id(); }
  /// The task's directory. You may keep your own files there, beside those of the stores. The directory survives
  /// restarts. It is deleted some time after the task has moved to another instance (state.cleanup.delay.ms). Throws
  /// StreamsException in an application without persistent state.
  [[nodiscard]] std::filesystem::path state_dir() const { return task_.state_dir(); }
  [[nodiscard]] const StreamsConfig& app_configs() const { return task_.config(); }
  /// The largest timestamp of the task's records so far, in ms since the epoch.
  [[nodiscard]] Timestamp current_stream_time_ms() const { return task_.stream_time(); }
  /// The wall clock, in ms since the epoch. In tests it is the driver's clock.
  [[nodiscard]] Timestamp current_system_time_ms() const { return task_.system_time(); }

  /// Topic, partition and offset of the record being processed; nullopt inside a punctuation.
  [[nodiscard]] std::optional<RecordMetadata> record_metadata() const {
    const detail::RecordOrigin& origin = *task_.current_record().origin;
    if (origin.topic == nullptr) return std::nullopt;
    return RecordMetadata{*origin.topic, origin.partition, origin.offset};
  }

 protected:
  /// Throws StreamsException for a negative timestamp: Kafka has no records from before the epoch. In Java the
  /// constructor of `Record` refuses them.
  void require_time(Timestamp timestamp) const {
    if (timestamp < 0) refuse_time(timestamp);
  }

  detail::TaskContext& task_;
  detail::NodeBase& node_;

 private:
  [[noreturn]] void refuse_store_type(const std::string& store, const std::string& interface) const;
  [[noreturn]] void refuse_time(Timestamp timestamp) const;
};

/// The context of a processor that forwards Record<K, V>. (Kafka Streams: `ProcessorContext`.)
template <class K, class V>
class ProcessorContext : public ProcessingContext {
 public:
  ProcessorContext(detail::TaskContext& task, detail::NodeBase& node, detail::Output<K, V> output)
      : ProcessingContext(task, node), output_(std::move(output)) {}

  /// Sends a record to all children, or to the child with this name. Throws StreamsException if the timestamp is
  /// negative, or if there is no such child. A record that is moved into this call may be changed by the children.
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
  /// A copy of the node's output. The children are connected already, and a copy saves one memory access per record.
  detail::Output<K, V> output_;
};

/// The context of a processor that keeps its records' keys. (Kafka Streams: `FixedKeyProcessorContext`.)
template <class K, class V>
class FixedKeyProcessorContext : public ProcessingContext {
 public:
  FixedKeyProcessorContext(detail::TaskContext& task, detail::NodeBase& node, detail::Output<K, V> output)
      : ProcessingContext(task, node), output_(std::move(output)) {}

  /// Sends a record to all children, or to the child with this name, as ProcessorContext does.
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

/// User code with state and time. The supplier makes one instance per task, and only the task's thread uses it. (Kafka
/// Streams: `Processor`.)
template <class KIn, class VIn, class KOut = KIn, class VOut = VIn>
class Processor {
 public:
  using KeyIn = KIn;
  using ValueIn = VIn;
  using KeyOut = KOut;
  using ValueOut = VOut;

  virtual ~Processor() = default;

  /// Called once, before the first record. Look up stores and schedule punctuations here. An override must call this
  /// function, or keep `context` itself. The context is valid until the processor is destroyed.
  virtual void init(ProcessorContext<KOut, VOut>& context) { context_ = &context; }
  /// Called for each record. An exception goes to the processing exception handler, which decides whether the record is
  /// skipped or the application stops.
  virtual void process(Record<KIn, VIn> record) = 0;
  /// Called before each commit of the task, when all records that the commit covers are processed. Forward or store
  /// here everything that must not be missing from the commit, such as the content of your own buffer.
  ///
  /// Upstream processors are called first. There may have been no record since the last call. An exception goes to the
  /// processing exception handler, as from process(). (Kafka Connect has `SinkTask#preCommit`; Kafka Streams has none.)
  virtual void prepare_commit() {}
  /// Called once when the task ends, after the last record.
  virtual void close() {}

 protected:
  /// REQUIRES: init() of this class was called.
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

/// A copy of the record for a processor to keep. Key and value are moved. The headers are copied, because error
/// handlers still need those of the current record.
template <class K, class V>
[[nodiscard]] Record<K, V> take(Record<K, V>& record) {
  return {std::move(record.key), std::move(record.value), record.timestamp, record.headers};
}

/// Whether `processor` may have a prepare_commit() of its own. A task with many processors then calls only those that
/// do. `Base`: the Processor or FixedKeyProcessor that P derives from.
template <class Base, class P>
[[nodiscard]] bool has_commit_hook(const P& processor) {
  // The type of the member function names the class that has the last override. Nothing is known of classes that derive
  // from P. A private override has no accessible type.
  if constexpr (requires {
                  { &P::prepare_commit } -> std::same_as<void (Base::*)()>;
                }) {
    return typeid(processor) != typeid(P);
  } else {
    return true;
  }
}

/// Runs a Processor as a node. Owns the processor. One per task.
template <class KIn, class VIn, class KOut, class VOut>
class ProcessorNode final : public OperatorNode<KIn, VIn, KOut, VOut> {
 public:
  template <class P>
  explicit ProcessorNode(std::unique_ptr<P> processor)
      : has_commit_hook_(detail::has_commit_hook<Processor<KIn, VIn, KOut, VOut>>(*processor)),
        processor_(std::move(processor)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    context_.emplace(task, *this, this->output());
    processor_->init(*context_);
  }
  Output<KIn, VIn>* process(Record<KIn, VIn>& record) override {
    processor_->process(take(record));
    return nullptr;
  }
  [[nodiscard]] bool has_commit_hook() const override { return has_commit_hook_; }
  void prepare_commit() override { processor_->prepare_commit(); }
  void close() override { processor_->close(); }

 private:
  bool has_commit_hook_;
  std::unique_ptr<Processor<KIn, VIn, KOut, VOut>> processor_;
  std::optional<ProcessorContext<KOut, VOut>> context_;
};

/// Runs a FixedKeyProcessor as a node. Owns the processor. One per task.
template <class K, class VIn, class VOut>
class FixedKeyProcessorNode final : public OperatorNode<K, VIn, K, VOut> {
 public:
  template <class P>
  explicit FixedKeyProcessorNode(std::unique_ptr<P> processor)
      : has_commit_hook_(detail::has_commit_hook<FixedKeyProcessor<K, VIn, VOut>>(*processor)),
        processor_(std::move(processor)) {}

  void init(TaskContext& task) override {
    NodeBase::init(task);
    context_.emplace(task, *this, this->output());
    processor_->init(*context_);
  }
  Output<K, VIn>* process(Record<K, VIn>& record) override {
    processor_->process(FixedKeyRecord<K, VIn>(take(record)));
    return nullptr;
  }
  [[nodiscard]] bool has_commit_hook() const override { return has_commit_hook_; }
  void prepare_commit() override { processor_->prepare_commit(); }
  void close() override { processor_->close(); }

 private:
  bool has_commit_hook_;
  std::unique_ptr<FixedKeyProcessor<K, VIn, VOut>> processor_;
  std::optional<FixedKeyProcessorContext<K, VOut>> context_;
};

/// The processor type that `F()` makes, without its std::unique_ptr. void if F makes anything else.
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

/// The stores of a processor supplier that has a function `stores()`. They are added to the topology and connected to
/// the processor. (Kafka Streams: `ConnectedStoreProvider`.)
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
