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
#include "millrace/processor/detail/task_context.hpp"
#include "millrace/processor/record.hpp"

namespace millrace::detail {

/// A node of a running task. Built once per task from the topology's factory; used by the task's thread only.
class NodeBase {
 public:
  virtual ~NodeBase() = default;
  NodeBase() = default;
  NodeBase(const NodeBase&) = delete;
  NodeBase& operator=(const NodeBase&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }
  /// Whether this is the child that a parent means when it forwards to that name. A mock's only child answers to all,
  /// and remembers which one was meant.
  [[nodiscard]] virtual bool answers_to(const std::string& name) { return name == name_; }

  /// Adds an edge. Throws TopologyException if the child takes other types than this node gives.
  virtual void connect(NodeBase& child) = 0;

  /// Called once, after all nodes are connected and the stores are open.
  virtual void init(TaskContext& context) { context_ = &context; }
  virtual void close() {}

  /// Whether prepare_commit() does anything.
  [[nodiscard]] virtual bool has_commit_hook() const { return false; }
  /// Called before each commit of the task. What it forwards and writes is part of that commit.
  virtual void prepare_commit() {}

  /// A record that a sink cannot write is a failure of the node that sent it there: that one is what the processing
  /// exception handler is asked about, and its other children do not get the record. As in Kafka Streams, where a
  /// source has no such handler: what fails in a sink right behind it ends the application.
  [[nodiscard]] virtual bool is_sink() const { return false; }

 protected:
  [[nodiscard]] TaskContext& task() const { return *context_; }

  [[noreturn]] static void type_mismatch(const NodeBase& parent, const NodeBase& child);

 private:
  std::string name_;
  TaskContext* context_ = nullptr;
};

/// How every factory of nodes makes one, see common/make.hpp.
template <class Node, class... Args>
[[nodiscard]] std::unique_ptr<NodeBase> make_node(Args&&... args) {
  return make_as<NodeBase, Node>(std::forward<Args>(args)...);
}

/// Makes a node for one task; called by the threads of all tasks.
using NodeFactory = std::function<std::unique_ptr<NodeBase>()>;

// These two are for all types at once, as they take plain functions.
[[nodiscard]] NodeFactory factory_of(std::unique_ptr<NodeBase> (*make)(const std::string&), std::string name);
[[nodiscard]] NodeFactory factory_of(std::unique_ptr<NodeBase> (*make)(const void*),
                                     std::shared_ptr<const void> settings);

/// Makes nodes that copy what they need of these settings.
template <class Node, class Settings>
[[nodiscard]] NodeFactory factory_from(Settings settings) {
  return factory_of([](const void* from) { return make_node<Node>(*static_cast<const Settings*>(from)); },
                    share<const Settings, Settings>(std::move(settings)));
}

template <class K, class V>
class Output;

/// The receiving end of an edge.
template <class K, class V>
class Input {
 public:
  virtual ~Input() = default;

  /// The record is the callee's to change and move from. If this very record is to go on, with its timestamp and
  /// headers, it returns the output for it instead of forwarding it, else nullptr: that makes a chain of such nodes a
  /// loop of short calls. Calls inside calls cost more than what stateless nodes do, and most where they nest deeper
  /// than a CPU remembers return addresses.
  virtual Output<K, V>* process(Record<K, V>& record) = 0;
};

/// What Output has whatever the types of its records.
class OutputBase {
 public:
  [[nodiscard]] std::size_t size() const { return children_.size(); }

 protected:
  struct Child {
    void* input = nullptr;  ///< an Input<K, V>
    NodeBase* node = nullptr;
  };

  void add(Child child);
  /// Called in a catch block: asks the processing exception handler about `failed`, or if that is a sink, about the
  /// node that gave it the record in place; null if it is the first one that was given it. Returns if the record is to
  /// be skipped.
  static void child_failed(TaskContext& task, const Child* parent, const Child& failed);
  /// The child of `from` with that name. Throws StreamsException if there is none.
  [[nodiscard]] const Child& child(const NodeBase& from, const std::string& name) const;

  [[nodiscard]] const Child& only_child() const { return only_child_; }
  [[nodiscard]] const std::vector<Child>& children() const { return children_; }

 private:
  Child only_child_;  ///< as children_ has it, a load nearer; none if there are several
  std::vector<Child> children_;
};

/// The sending end: all edges that leave a node. Children run depth-first in the order in which they were connected;
/// all but the last get a copy of the record.
template <class K, class V>
class Output : public OutputBase {
 public:
  void add(NodeBase& child, Input<K, V>& input) { OutputBase::add({&input, &child}); }

  void forward(TaskContext& task, Record<K, V>& record) { forward_inline(task, record); }
  /// The same inlined, for what is on the way of most records.
  [[gnu::always_inline]] void forward_inline(TaskContext& task, Record<K, V>& record) {
    if (only_child().input != nullptr) return deliver_alone(task, only_child(), record);
    deliver_to_all(task, record);
  }

  /// From a node to its child of that name only. Throws StreamsException if there is none.
  void forward_to(TaskContext& task, const NodeBase& from, const std::string& child_name, Record<K, V>& record) {
    deliver_alone(task, child(from, child_name), record);
  }

  /// To the child that was connected as number `index`.
  void forward_at(TaskContext& task, std::size_t index, Record<K, V>& record) {
    deliver_alone(task, children()[index], record);
  }

 private:
  /// To the child and, as long as the record goes on in place, to what follows it.
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

  // Not inline, so that each node has the short way alone. Each child may change the timestamp and the headers of what
  // it was given, so what follows the child gets a scope of its own.
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

/// A node with children: KOut, VOut is what it forwards.
template <class KOut, class VOut>
class EmittingNode : public NodeBase {
 public:
  void connect(NodeBase& child) override {
    auto* input = dynamic_cast<Input<KOut, VOut>*>(&child);
    if (input == nullptr) type_mismatch(*this, child);
    output_.add(child, *input);
  }

 protected:
  void forward(Record<KOut, VOut>& record) { output_.forward(task(), record); }
  void forward(Record<KOut, VOut>&& record) { output_.forward(task(), record); }
  /// Forwards a record that has the headers of the one in hand, from `lender`. They come back should a sink fail on it:
  /// an error handler that is asked about this node is to see them.
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

/// An inner node.
template <class KIn, class VIn, class KOut, class VOut>
class OperatorNode : public Input<KIn, VIn>, public EmittingNode<KOut, VOut> {};

/// A node without children: sinks, for_each, print.
template <class K, class V>
class TerminalNode : public Input<K, V>, public NodeBase {
 public:
  void connect(NodeBase& child) override { type_mismatch(*this, child); }
};

}  // namespace millrace::detail
