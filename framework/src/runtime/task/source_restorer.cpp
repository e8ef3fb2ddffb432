// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/source_restorer.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {

/// Keeps the changes of stores for take_changes(). Drops dead letters, because they were written already when the
/// record was processed.
class SourceRestorer::Output final : public TaskOutput {
 public:
  void send(std::string_view, std::optional<std::int32_t>, BytesView, BytesView, Timestamp, const Headers&,
            Sender) override {}
  [[nodiscard]] std::int32_t partitions_for(std::string_view) override { return 1; }
  [[nodiscard]] std::uint64_t open_changelog(const TopicPartition&, const std::string&, const TaskContext*) override {
    return 0;
  }
  void close_changelog(std::uint64_t) override {}
  void send_changelog(std::uint64_t, BytesView key, BytesView value, Timestamp timestamp,
                      const Headers* headers) override {
    changes_.push_back({std::string(key.value_or("")), value ? std::optional(std::string(*value)) : std::nullopt,
                        timestamp, headers ? std::optional(*headers) : std::nullopt});
  }
  [[nodiscard]] std::optional<LogPosition> confirmed_position(std::uint64_t) const override { return std::nullopt; }

  [[nodiscard]] std::vector<Change> take_changes() { return std::exchange(changes_, {}); }

 private:
  std::vector<Change> changes_;
};

SourceRestorer::SourceRestorer(TaskId id, const TaskEnvironment& environment, std::vector<const NodeSpec*> nodes,
                               StoreSet& stores, std::filesystem::path directory,
                               std::optional<std::size_t> uncommitted_max_bytes)
    : id_(id),
      environment_(environment),
      nodes_(std::move(nodes)),
      stores_(stores),
      directory_(std::move(directory)),
      uncommitted_max_bytes_(uncommitted_max_bytes),
      output_(std::make_unique<Output>()) {}

SourceRestorer::~SourceRestorer() {
  for (auto& [store, pipeline] : pipelines_) {
    try {
      pipeline.task->close();
    } catch (...) {
      log(LogLevel::warn,
          "closing the restore of store '" + store + "' of " + stores_.owner() + ": " + current_error());
    }
  }
}

const TopicPartition& SourceRestorer::source_of(const StorePosition& position) {
  return position.from_source() ? position.changelog() : *position.table_of();
}

std::optional<SourceRestorer::Filler> SourceRestorer::filler_of(const StorePosition& position) const {
  for (const NodeSpec* node : nodes_) {
    // The store is filled by the first processor behind the source that is connected to the store. nodes_ has the order
    // in which the nodes were added.
    if (node->predecessors.size() != 1 || std::ranges::find(node->stores, position.store()) == node->stores.end()) {
      continue;
    }
    const auto source = std::ranges::find(nodes_, node->predecessors.front(), &NodeSpec::name);
    if (source == nodes_.end() || (*source)->kind != NodeSpec::Kind::source) continue;
    const auto& topics = (*source)->topics;
    if (std::ranges::find(topics, source_of(position).topic) != topics.end()) return Filler{*source, node};
  }
  return std::nullopt;
}

bool SourceRestorer::restores(const StorePosition& position) const {
  return position.from_source() && processes(position);
}

bool SourceRestorer::fills(const StorePosition& position) const {
  return !position.from_source() && position.table_of() && processes(position);
}

bool SourceRestorer::processes(const StorePosition& position) const {
  const auto& builder = *environment_.topology.stores().at(position.store());
  if (definition_of(builder).spec.kind == StoreKind::custom) return false;
  const auto filler = filler_of(position);
  if (!filler) return false;
  if (filler->processor->stores.size() == 1) return true;
  log(LogLevel::warn, "store '" + position.store() + "' of " + stores_.owner() + " is restored by copying " +
                          source_of(position).str() + ", without processor '" + filler->processor->name +
                          "': the processor also uses other stores. Use the other stores in another processor; then "
                          "the store is restored by its processor");
  return false;
}

StreamTask& SourceRestorer::task_for(const StorePosition& position) {
  Pipeline& pipeline = pipelines_[position.store()];
  if (pipeline.task) return *pipeline.task;
  const Filler filler = *filler_of(position);
  if (!metrics_) metrics_ = std::make_shared<ClientMetrics>(environment_.clock);
  pipeline.environment.emplace(environment_);
  pipeline.environment->errors.dead_letter_topic.reset();
  pipeline.environment->metrics = metrics_;
  pipeline.environment->only_store = position.store();
  pipeline.task = std::make_unique<StreamTask>(
      id_, *pipeline.environment, std::vector<const NodeSpec*>{filler.source, filler.processor},
      std::vector<TopicPartition>{source_of(position)}, stores_, *output_, directory_, nullptr,
      std::make_shared<TaskMetrics>(*metrics_, "restore", id_));
  pipeline.task->initialize();
  return *pipeline.task;
}

std::optional<TaskRetry> SourceRestorer::process(const StorePosition& position, std::vector<ConsumerRecord> records,
                                                 FunctionRef<void(Offset)> commit) {
  // If a record is half processed, the task must restore the store again from its last commit.
  try {
    return try_process(position, std::move(records), commit);
  } catch (TaskRetry& failure) {
    failure.during(TaskRetry::Work::start);
    throw;
  } catch (const RetriableException& error) {
    TaskRetry failure(id_, TaskRetry::Effects::possible, "restoring " + stores_.owner() + ": " + error.what());
    failure.during(TaskRetry::Work::start);
    throw TaskRetry(failure);
  }
}

std::optional<TaskRetry> SourceRestorer::try_process(const StorePosition& position, std::vector<ConsumerRecord> records,
                                                     FunctionRef<void(Offset)> commit) {
  StreamTask& task = task_for(position);
  RecordQueues::Queue& queue = *task.queues().find(source_of(position));
  std::optional<TaskRetry> retry;
  for (ConsumerRecord& record : records) {
    const Offset behind = Offset(record.offset) + 1;
    task.add(queue, std::move(record));
    try {
      while (task.process_one()) {
      }
    } catch (const TaskRetry& failure) {
      if (failure.effects() != TaskRetry::Effects::none) throw;
      retry = failure;
      // The caller passes the record again.
      task.drop(*failure.record());
      break;
    }
    // A commit frees the memory of uncommitted data.
    if (uncommitted_max_bytes_ && stores_.uncommitted_bytes() > *uncommitted_max_bytes_) {
      task.prepare_commit();
      commit(behind);
    }
  }
  // A processor or a cache may keep changes back until prepare_commit().
  task.prepare_commit();
  return retry;
}

std::optional<TaskRetry> SourceRestorer::restore(StorePosition& position, std::vector<ConsumerRecord> records,
                                                 const LogPosition& next) {
  const auto commit = [&](Offset behind) { stores_.finish_restore(position, behind); };
  auto retry = process(position, std::move(records), commit);
  if (retry) {
    commit(Offset(retry->record()->offset));
  } else {
    stores_.advance(position, next);
    commit(next.next);
  }
  return retry;
}

SourceRestorer::Filled SourceRestorer::fill(const StorePosition& position, std::vector<ConsumerRecord> records) {
  auto retry = process(position, std::move(records), [this](Offset) { stores_.commit_filled(); });
  std::optional<Offset> next;
  if (retry) next = Offset(retry->record()->offset);
  return {output_->take_changes(), std::move(retry), next};
}

}  // namespace millrace::detail
