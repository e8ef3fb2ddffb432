// SPDX-License-Identifier: Apache-2.0
// What the nodes of a task may ask it: the functions of TaskContext.
#include <algorithm>
#include <exception>
#include <utility>

#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/detail/saturating.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/task/stream_task.hpp"

namespace millrace::detail {
namespace {

/// The first words of the exception that stops the task.
[[nodiscard]] std::string_view failure(DropReason reason) {
  switch (reason) {
    case DropReason::deserialization_error: return "deserialization failed:";
    case DropReason::serialization_error: return "serialization failed:";
    default: return "processing failed:";
  }
}

}  // namespace

StateStore& StreamTask::store(const NodeBase& node, const std::string& name) {
  // Global stores are open to all nodes. The names of stores are unique within a topology.
  if (environment_.find_global_store) {
    if (StateStore* global = environment_.find_global_store(name, node.name())) return *global;
  }
  const NodeSpec& spec = *specs_.at(&node);
  StateStore* found = stores_->find(name);
  // As in Kafka Streams, a node may only use stores that it is connected to. The connections decide which nodes share a
  // task, so an unconnected store would be found only by chance.
  if (found == nullptr || std::ranges::find(spec.stores, name) == spec.stores.end()) {
    std::string connected;
    for (const std::string& store : spec.stores) connected += (connected.empty() ? "'" : ", '") + store + "'";
    throw TopologyException("processor '" + node.name() + "' uses state store '" + name +
                            "' without being connected to it: name the store when the processor is added. It is "
                            "connected to " +
                            (connected.empty() ? "no store" : connected));
  }
  return *found;
}

Cancellable StreamTask::schedule(NodeBase& node, std::optional<Timestamp> start, Millis interval, PunctuationType type,
                                 Punctuator callback) {
  const bool by_records = type == PunctuationType::stream_time;
  Punctuations& punctuations = by_records ? stream_time_punctuations_ : wall_clock_;
  const std::int64_t every = interval.count();
  // As in Kafka Streams: stream time starts at 0, so the first record makes the punctuation due. Wall-clock time starts
  // one interval from now.
  if (!start && by_records) {
    // During init() of a task that continues from committed offsets: all slots up to the committed stream time were
    // called before.
    const auto now = !running_ && stream_time_ >= 0 ? std::optional(stream_time_) : std::nullopt;
    return punctuations.schedule(node, 0, every, std::move(callback), now);
  }
  if (!start) return punctuations.schedule(node, saturating_add(system_time(), every), every, std::move(callback));
  if (*start < 0) {
    throw TopologyException("processor '" + node.name() + "' schedules a punctuation from " + std::to_string(*start) +
                            " ms on: the start must not lie before the epoch");
  }
  // A start in the past means the next slot after now, see Punctuations::schedule().
  return punctuations.schedule(node, *start, every, std::move(callback), by_records ? stream_time_ : system_time());
}

std::filesystem::path StreamTask::state_dir() const {
  if (directory_.empty()) {
    throw StreamsException("task " + id_.str() +
                           " has no state directory: no store of the topology is kept on disk (state.dir)");
  }
  // Made on demand: a task whose processors write no files needs no directory.
  std::filesystem::create_directories(directory_);
  return directory_;
}

std::string StreamTask::topic_name(const std::string& topic) const {
  return decorate(environment_.topology, environment_.application_id, topic);
}

void StreamTask::handle(const ExceptionHandler& handler, DropReason reason, const NodeBase& node,
                        std::optional<UnwrittenRecord> output, const std::string& error) {
  ErrorContext context = error_context(*this, node);
  context.output = std::move(output);
  context.error = error;
  context.thrown = std::current_exception();

  const HandlerResponse response = ask(handler, context);
  for (const DeadLetter& letter : dead_letters(environment_.errors, context, response)) {
    // No sender: a dead letter that the broker refuses must not lead to another dead letter.
    output_.send(letter.topic, letter.partition, letter.key, letter.value, letter.timestamp, letter.headers, Sender());
  }
  if (response.fails()) {
    const std::string text = describe_error(failure(reason), context);
    // Not a TaskFailure: the node before the sink must see an ordinary exception, so that the processing handler is
    // asked as well.
    if (node.is_sink()) throw StreamsException(text);
    throw TaskFailure(text);
  }
  metrics_->dropped.count(reason, node.name(), [&] { return describe_dropped(reason, context); });
}

// Called inside a catch block; `throw;` rethrows the current exception. The handler must decide only about faults of
// the record itself. Exceptions of the broker, of a store, of a decided failure, or that ask to try again pass through.
void StreamTask::processing_failed(const NodeBase& node) {
  try {
    throw;
  } catch (const TaskRetry&) {
    throw;
  } catch (const RetriableException& error) {
    throw retry(failure(DropReason::processing_error), node, error, TaskRetry::Effects::possible);
  } catch (...) {
    // Below.
  }
  // Errors of a sink belong to the production handler, see serialization_failed(). What else a sink throws is handled
  // by the node before it.
  if (node.is_sink()) throw;
  try {
    throw;
  } catch (const TaskFailure&) {
    throw;
  } catch (const BrokerException&) {
    throw;
  } catch (const ProcessorStateException&) {
    throw;
  } catch (...) {
    handle(environment_.errors.handlers.processing, DropReason::processing_error, node, {}, current_error());
  }
}

void StreamTask::deserialization_failed(const NodeBase& node) {
  try {
    throw;
  } catch (const RetriableException& error) {
    throw retry(failure(DropReason::deserialization_error), node, error, TaskRetry::Effects::none);
  } catch (...) {
    handle(environment_.errors.handlers.deserialization, DropReason::deserialization_error, node, {}, current_error());
  }
}

void StreamTask::serialization_failed(const NodeBase& node, const UnwrittenRecord& unwritten) {
  try {
    throw;
  } catch (const RetriableException& error) {
    throw retry(failure(DropReason::serialization_error), node, error, TaskRetry::Effects::possible, unwritten);
  } catch (...) {
    handle(environment_.errors.handlers.production, DropReason::serialization_error, node, unwritten, current_error());
  }
}

void StreamTask::record_dropped(const NodeBase& node, DropReason reason) {
  metrics_->dropped.count(reason, node.name(), [&] {
    // There is no exception here, so the times explain why the record was dropped, for example as late.
    ErrorContext context = error_context(*this, node);
    context.error =
        "timestamp " + std::to_string(current_record().timestamp) + ", stream time " + std::to_string(stream_time_);
    return describe_dropped(reason, context);
  });
}

TopicTotals* StreamTask::produced(const NodeBase& sink, const std::string& topic) {
  return &metrics_->produced(sink.name(), topic);
}

}  // namespace millrace::detail
