// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/processor/detail/node_timer.hpp"
#include "millrace/processor/detail/task_context.hpp"
#include "millrace/processor/record.hpp"

namespace millrace::detail {

/// What a sink writes. For messages and for people who look at its topic.
struct WrittenTypes {
  // Types as in source code, such as `std::string`.
  std::string key;
  std::string value;
  /// The bytes of a windowed key that describe the window; 0 for other keys.
  std::size_t window_suffix_bytes = 0;

  /// Both types, as template arguments.
  [[nodiscard]] std::string str() const { return key + ", " + value; }
};

/// A node of a running task. The task makes it from the topology's factory, and owns it. Used by the task's thread
/// only.
class NodeBase {
 public:
  virtual ~NodeBase() = default;
  NodeBase() = default;
  NodeBase(const NodeBase&) = delete;
  NodeBase& operator=(const NodeBase&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  /// True if a parent that forwards to `name` means this child. The only child of a mock answers to every name, and
  /// remembers the name.
  [[nodiscard]] virtual bool answers_to(const std::string& name) { return name == name_; }

  /// Adds an edge. Throws TopologyException if the child takes other types than this node gives. `timer`: measures how
  /// long the child takes; null: nothing is measured. It must outlive the node's use.
  virtual void connect(NodeBase& child, NodeTimer* timer) = 0;

  /// Called once, after all nodes are connected and the stores are open. `context` outlives the node.
  virtual void init(TaskContext& context) { context_ = &context; }
  /// Called once when the task ends.
  virtual void close() {}

  /// True if prepare_commit() may do anything. The task does not call it otherwise. Never changes.
  [[nodiscard]] virtual bool has_commit_hook() const { return false; }
  /// Called before each commit of the task. What the node forwards and writes here is part of that commit.
  virtual void prepare_commit() {}

  /// True for sinks. If a sink cannot write a record, the node that sent the record has failed. The processing
  /// exception handler is asked about that node, and its other children do not get the record. As in Kafka Streams, a
  /// source has no such handler: if a sink directly behind a source fails, the application stops.
  [[nodiscard]] virtual bool is_sink() const { return false; }
  /// Of a sink: what it writes.
  [[nodiscard]] virtual WrittenTypes written_types() const { return {}; }

 protected:
  [[nodiscard]] TaskContext& task() const { return *context_; }

  [[noreturn]] static void type_mismatch(const NodeBase& parent, const NodeBase& child);

 private:
  std::string name_;
  TaskContext* context_ = nullptr;
};

/// Makes a node. All factories use this function, see common/make.hpp.
template <class Node, class... Args>
[[nodiscard]] std::unique_ptr<NodeBase> make_node(Args&&... args) {
  return make_as<NodeBase, Node>(std::forward<Args>(args)...);
}

/// Makes a node for one task. Called by all stream threads, so it must be thread-safe. Calls share the user's function
/// objects, and each node copies them.
using NodeFactory = std::function<std::unique_ptr<NodeBase>()>;

// Not templates: they take plain functions, so they are compiled once for all types of nodes.
[[nodiscard]] NodeFactory factory_of(std::unique_ptr<NodeBase> (*make)(const std::string&), std::string name);
[[nodiscard]] NodeFactory factory_of(std::unique_ptr<NodeBase> (*make)(const void*),
                                     std::shared_ptr<const void> settings);

/// A factory of nodes that copy what they need of these settings. All nodes share the settings, which never change.
template <class Node, class Settings>
[[nodiscard]] NodeFactory factory_from(Settings settings) {
  return factory_of([](const void* from) { return make_node<Node>(*static_cast<const Settings*>(from)); },
                    share<const Settings, Settings>(std::move(settings)));
}

template <class K, class V>
class Output;

/// The receiving end of an edge: what a node does with a record.
template <class K, class V>
class Input {
 public:
  virtual ~Input() = default;

  /// Processes a record. The node may change the record and move from it.
  ///
  /// If the same record, with its timestamp and headers, goes on to the children, the node returns its output instead
  /// of forwarding. The caller then continues with the children. Otherwise the node returns nullptr. A chain of such
  /// nodes thus becomes a loop of short calls. Nested calls cost more than the work of a stateless node, above all if
  /// they nest deeper than the CPU predicts return addresses.
  virtual Output<K, V>* process(Record<K, V>& record) = 0;
};

/// Measures how long the node behind it takes. All objects must outlive this one.
template <class K, class V>
class TimedInput final : public Input<K, V> {
 public:
  TimedInput(NodeTimer& timer, const NodeBase& node, Input<K, V>& input) : timer_(timer), node_(node), input_(input) {}

// If K or V is of an unnamed namespace, GCC knows all classes that derive from Input<K, V>. This class may be the only
// one: no node gets the changes of a table that is only looked up. GCC then warns that process() calls itself.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winfinite-recursion"
  Output<K, V>* process(Record<K, V>& record) override {
    const NodeTimer::Stay stay(&timer_, node_);
    return input_.process(record);
  }
#pragma GCC diagnostic pop

 private:
  NodeTimer& timer_;
  const NodeBase& node_;
  Input<K, V>& input_;
};

/// The part of Output that does not depend on the types of the records.
class OutputBase {
 public:
  [[nodiscard]] std::size_t size() const { return children_.size(); }

 protected:
  // A child as a node, and as the receiver of records. The type of the receiver is known to Output only.
  struct Child {
    void* input = nullptr;  ///< an Input<K, V>
    NodeBase* node = nullptr;
  };

  void add(Child child);
  /// Called in a catch block. Asks the processing exception handler about `failed`. If `failed` is a sink, asks about
  /// `parent` instead: the node that passed the record on to it. `parent` is null if `failed` was the first node to get
  /// the record. Returns if the record is to be skipped, and throws otherwise.
  static void child_failed(TaskContext& task, const Child* parent, const Child& failed);
  /// The child of `from` with that name. Throws StreamsException if there is none.
  [[nodiscard]] const Child& child(const NodeBase& from, const std::string& name) const;

  [[nodiscard]] const Child& only_child() const { return only_child_; }
  [[nodiscard]] const std::vector<Child>& children() const { return children_; }

 private:
  /// A copy of the only child, which saves a memory access per record. Empty if there is none or more than one.
  Child only_child_;
  std::vector<Child> children_;
};

/// The sending end: all edges that leave a node. Children run depth-first, in the order in which they were connected.
/// All but the last get a copy of the record.
template <class K, class V>
class Output : public OutputBase {
 public:
  void add(NodeBase& child, Input<K, V>& input) { OutputBase::add({&input, &child}); }

  void forward(TaskContext& task, Record<K, V>& record) { forward_inline(task, record); }
  /// As forward(), but inline, for calls that most records pass.
  [[gnu::always_inline]] void forward_inline(TaskContext& task, Record<K, V>& record) {
    if (only_child().input != nullptr) return deliver_alone(task, only_child(), record);
    deliver_to_all(task, record);
  }

  /// Forwards to the child with this name only. Throws StreamsException if there is none.
  void forward_to(TaskContext& task, const NodeBase& from, const std::string& child_name, Record<K, V>& record) {
    deliver_alone(task, child(from, child_name), record);
  }

  /// Forwards to the child that was connected as number `index`, from 0.
  void forward_at(TaskContext& task, std::size_t index, Record<K, V>& record) {
    deliver_alone(task, children()[index], record);
  }

 private:
  /// Gives the record to one child. While nodes return their output, continues with their children.
  [[gnu::always_inline]] static void deliver_alone(TaskContext& task, const Child& first, Record<K, V>& record) {
    const RecordScope scope(task, record.timestamp, record.headers);
    const Child* parent = nullptr;
    const Child* child = &first;
    try {
      while (Output* next = process(*child, record)) {
        if (next->only_child().input == nullptr) return next->deliver_to_all(task, record);
        parent = child;
        child = &next->only_child();
      }
    } catch (...) {
      child_failed(task, parent, *child);
    }
  }

  // Not inline, so that only the path with one child is compiled into each node. A child may change the timestamp and
  // headers of the record that it gets, so each child's children get their own RecordScope.
  [[gnu::noinline]] void deliver_to_all(TaskContext& task, Record<K, V>& record) {
    const RecordScope scope(task, record.timestamp, record.headers);
    for (const Child& child : children()) {
      std::optional<Record<K, V>> copy;
      if (&child != &children().back()) {
        if constexpr (std::is_copy_constructible_v<K> && std::is_copy_constructible_v<V>) {
          copy.emplace(record);
        } else {
          throw TopologyException("a stream of a type that cannot be copied feeds more than one node");
        }
      }
      Record<K, V>& given = copy ? *copy : record;
      try {
        if (Output* next = process(child, given)) next->forward(task, given);
      } catch (...) {
        child_failed(task, nullptr, child);
      }
    }
  }

  static Output* process(const Child& child, Record<K, V>& record) {
    return static_cast<Input<K, V>*>(child.input)->process(record);
  }
};

/// A node with children. It forwards records of KOut and VOut.
template <class KOut, class VOut>
class EmittingNode : public NodeBase {
 public:
  void connect(NodeBase& child, NodeTimer* timer) override {
    auto* input = dynamic_cast<Input<KOut, VOut>*>(&child);
    if (input == nullptr) type_mismatch(*this, child);
    if (timer != nullptr) input = &timer->keep<TimedInput<KOut, VOut>>(*timer, child, *input);
    output_.add(child, *input);
  }

 protected:
  void forward(Record<KOut, VOut>& record) { output_.forward(task(), record); }
  void forward(Record<KOut, VOut>&& record) { output_.forward(task(), record); }
  /// Forwards a record that has taken the headers of the current record from `lender`. This saves a copy. If a sink
  /// fails, the headers go back, because the error handler that is asked about this node must see them.
  void forward_lent(Headers& lender, Record<KOut, VOut>&& record) {
    try {
      output_.forward_inline(task(), record);
    } catch (...) {
      lender = std::move(record.headers);
      throw;
    }
  }
  [[nodiscard]] Output<KOut, VOut>& output() { return output_; }

 private:
  Output<KOut, VOut> output_;
};

/// A node with an input and children: every operator in the middle of a topology.
template <class KIn, class VIn, class KOut, class VOut>
class OperatorNode : public Input<KIn, VIn>, public EmittingNode<KOut, VOut> {};

/// A node without children: sinks, for_each, print.
template <class K, class V>
class TerminalNode : public Input<K, V>, public NodeBase {
 public:
  void connect(NodeBase& child, NodeTimer* /*timer*/) override { type_mismatch(*this, child); }
};

}  // namespace millrace::detail
