#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/common/make.hpp"
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

/// The receiving end of an edge.
template <class K, class V>
class Input {
 public:
  virtual ~Input() = default;

  /// The record is the callee's to change and move from.
  virtual void process(Record<K, V>& record) = 0;
};

/// Gives a task the timestamp and headers of a record on its way, and puts the previous ones back in the end.
class RecordScope {
 public:
  RecordScope(TaskContext& task, Timestamp timestamp, const Headers& headers)
      : task_(task), timestamp_(task.record.timestamp), headers_(task.record.headers) {
    task.record.timestamp = timestamp;
    task.record.headers = &headers;
  }
  RecordScope(const RecordScope&) = delete;
  RecordScope& operator=(const RecordScope&) = delete;
  ~RecordScope() {
    task_.record.timestamp = timestamp_;
    task_.record.headers = headers_;
  }

 private:
  TaskContext& task_;
  Timestamp timestamp_;
  const Headers* headers_;
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
  /// Called in a catch block: asks the processing exception handler. Returns if the child's record is to be skipped.
  static void child_failed(TaskContext& task, const Child& child);
  /// The same where no other child gets the record.
  static void only_child_failed(TaskContext& task, const Child& child);
  /// The child of `from` with that name. Throws StreamsException if there is none.
  [[nodiscard]] const Child& child(const NodeBase& from, const std::string& name) const;

  [[nodiscard]] const Child& only_child() const { return only_child_; }
  [[nodiscard]] const std::vector<Child>& children() const { return children_; }

 private:
  std::vector<Child> children_;
  Child only_child_;  ///< as children_ has it, a load nearer; none if there are several
};

/// The sending end: all edges that leave a node. Children run depth-first in the order in which they were connected;
/// all but the last get a copy of the record.
template <class K, class V>
class Output : public OutputBase {
 public:
  void add(NodeBase& child, Input<K, V>& input) { OutputBase::add({&input, &child}); }

  void forward(TaskContext& task, Record<K, V>& record) {
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
  static void deliver_alone(TaskContext& task, const Child& child, Record<K, V>& record) {
    const RecordScope scope(task, record.timestamp, record.headers);
    // As deliver(), but without a result: every node has this code.
    try {
      static_cast<Input<K, V>*>(child.input)->process(record);
    } catch (...) {
      only_child_failed(task, child);
    }
  }

  // Not inline, so that each node has the short way alone.
  [[gnu::noinline]] void deliver_to_all(TaskContext& task, Record<K, V>& record) {
    if (children().empty()) return;
    const RecordScope scope(task, record.timestamp, record.headers);
    bool delivered = true;
    const std::size_t last = size() - 1;
    if constexpr (std::is_copy_constructible_v<K> && std::is_copy_constructible_v<V>) {
      for (std::size_t i = 0; i < last; ++i) {
        Record<K, V> copy = record;
        delivered &= deliver(task, children()[i], copy);
      }
    } else {
      throw TopologyException("a stream of a type that cannot be copied feeds more than one node");
    }
    delivered &= deliver(task, children()[last], record);
    if (!delivered) task.put_back_displaced_record();
  }

  /// False if the child failed and its record is skipped.
  static bool deliver(TaskContext& task, const Child& child, Record<K, V>& record) {
    try {
      static_cast<Input<K, V>*>(child.input)->process(record);
      return true;
    } catch (...) {
      child_failed(task, child);
      return false;
    }
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
      output_.forward(task(), record);
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
