// SPDX-License-Identifier: Apache-2.0
#include "millrace/processor/detail/node.hpp"

#include "millrace/common/errors.hpp"

namespace millrace::detail {

// Not inline, so that user files do not compile the message. The first function is called when nodes are connected.
void NodeBase::type_mismatch(const NodeBase& parent, const NodeBase& child) {
  throw TopologyException("node '" + child.name() + "' cannot follow '" + parent.name() +
                          "': it takes other key or value types than that node gives");
}

// Two kinds of factory without a lambda per node type: a plain function with its argument. This keeps compile times
// low, because std::function is instantiated here only.
NodeFactory factory_of(std::unique_ptr<NodeBase> (*make)(const std::string&), std::string name) {
  return [make, name = std::move(name)] { return make(name); };
}

NodeFactory factory_of(std::unique_ptr<NodeBase> (*make)(const void*), std::shared_ptr<const void> settings) {
  return [make, settings = std::move(settings)] { return make(settings.get()); };
}

void OutputBase::add(Child child) {
  // The usual case of one child is kept apart, because forwarding to it is fast.
  children_.push_back(child);
  only_child_ = children_.size() == 1 ? child : Child();
}

// As in Kafka Streams, the failure of a sink counts as a failure of the node before it.
void OutputBase::child_failed(TaskContext& task, const Child* parent, const Child& failed) {
  // A sink has no processor. The error handler is told the node whose record the sink could not write.
  const Child& asked = parent != nullptr && failed.node->is_sink() ? *parent : failed;
  task.processing_failed(*asked.node);
}

const OutputBase::Child& OutputBase::child(const NodeBase& from, const std::string& name) const {
  // Children are few, so a linear search is fast enough.
  for (const Child& child : children_) {
    if (child.node->answers_to(name)) return child;
  }
  throw StreamsException("processor '" + from.name() + "' forwards a record to '" + name +
                         "', which does not follow it: name one of its own children");
}

}  // namespace millrace::detail
