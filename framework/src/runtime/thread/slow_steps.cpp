// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/slow_steps.hpp"

#include "runtime/plan/topology_plan.hpp"

namespace millrace::detail {
namespace {

using Kind = SlowSteps::Kind;

void append(std::string& list, const std::string& name) { list += (list.empty() ? "" : ", ") + name; }

/// What the task did, after the words "for".
std::string name_of(const SlowSteps::Step& step, const TopologyPlan& plan) {
  if (step.kind == Kind::punctuation) return "its wall-clock punctuations";
  if (step.kind == Kind::before_commit) return "the flush of its caches before a commit";
  // It is not known which of the inputs the record came from.
  std::string inputs;
  for (const TopicPartition& input : plan.inputs_of(step.task)) append(inputs, input.str());
  return "one record of " + inputs;
}

/// Where the time was spent.
std::string place_of(const SlowSteps::Step& step, const TopologyPlan& plan) {
  if (step.node) return std::to_string(step.node->took.count()) + " ms of it in node " + step.node->node;
  std::string nodes;
  for (const NodeSpec* node : plan.tasks_of(step.task.subtopology).subtopology.nodes) {
    if (node->kind == NodeSpec::Kind::processor) append(nodes, node->name);
  }
  return "in one of its nodes: " + nodes;
}

}  // namespace

void SlowSteps::took(TaskId task, Kind kind, Millis took, const NodeTimer* timer) {
  if (slowest_ && took <= slowest_->took) return;
  slowest_ = Step{task, kind, took, timer != nullptr ? timer->slowest() : std::nullopt};
}

bool SlowSteps::lost_partitions() {
  lost_ = lost_ || (slowest_ && slowest_->took >= max_poll_interval_);
  return lost_;
}

std::optional<SlowSteps::Excess> SlowSteps::failed(std::optional<Timestamp> transaction_since, Timestamp now) {
  if (!slowest_) return std::nullopt;
  // The transaction was too old, and one step alone took that long. Otherwise something else is the cause.
  const bool outlived = transaction_since && transaction_timeout_ &&
                        now - *transaction_since >= transaction_timeout_->count() &&
                        slowest_->took >= *transaction_timeout_;
  if (!outlived && !lost_) return std::nullopt;
  ++excesses_;
  if (outlived) return Excess{*slowest_, "transaction.timeout.ms", *transaction_timeout_, excesses_ > 1};
  return Excess{*slowest_, "max.poll.interval.ms", max_poll_interval_, excesses_ > 1};
}

void SlowSteps::restarted() {
  slowest_.reset();
  lost_ = false;
}

std::string describe(const SlowSteps::Excess& excess, const TopologyPlan& plan) {
  const SlowSteps::Step& step = excess.step;
  const bool by_transaction = excess.setting == "transaction.timeout.ms";
  const std::string setting(excess.setting);
  return "task " + step.task.str() + " took " + std::to_string(step.took.count()) + " ms for " + name_of(step, plan) +
         ", " + place_of(step, plan) + ". This is longer than " +
         (by_transaction ? "a transaction may take" : "the group waits for a poll") + " (" + setting + ": " +
         std::to_string(excess.limit.count()) + "), so the work cannot be committed. Make the node faster, or raise " +
         (by_transaction ? "producer." : "consumer.") + setting;
}

}  // namespace millrace::detail
