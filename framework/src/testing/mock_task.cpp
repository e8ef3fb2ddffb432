// SPDX-License-Identifier: Apache-2.0
#include "millrace/testing/detail/mock_task.hpp"

#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/processor/detail/node.hpp"
#include "state/memory/stores.hpp"

namespace millrace::detail {
namespace {

/// For everything that the test has not set. `remedy` says how to set it.
[[noreturn]] void unset(const std::string& what, const std::string& remedy) {
  throw StreamsException("the mock context has no " + what + ": " + remedy);
}

}  // namespace

// Copied, because application_id() returns a reference.
MockTask::MockTask(Setup setup) : setup_(std::move(setup)) {
  application_id_ = setup_.config.get_string("application.id");
  serdes_ = std::make_unique<ConfiguredSerdes>(setup_.config.serde_configs());
}

StateStore& MockTask::add_state_store(const StoreBuilder& builder) {
  const std::string& name = builder.name();
  if (stores_.contains(name)) throw TopologyException("there are two state stores named '" + name + "'");
  // A custom store is made as it is, without a changelog. For any other store only the bytes are replaced by a store in
  // memory, so the typed interface is the real one.
  auto store = definition_of(builder).make
                   ? definition_of(builder).make(nullptr, name, false, *serdes_)
                   : definition_of(builder).wrap(make_in_memory_store(definition_of(builder).spec), name, *serdes_);
  return *stores_.emplace(name, std::move(store)).first->second;
}

void MockTask::set_record_metadata(std::optional<RecordMetadata> metadata) {
  // The old scope first: it refers to origin_, which changes below.
  scope_.reset();
  record_metadata_ = std::move(metadata);
  origin_ = RecordOrigin();
  if (record_metadata_) {
    origin_.topic = &record_metadata_->topic;
    origin_.partition = record_metadata_->partition;
    origin_.offset = record_metadata_->offset;
  }
  scope_.emplace(*this, CurrentRecord{.origin = &origin_});
}

// A mock context forwards to captured children and not to sinks, so only a sink would ask for this.
RecordCollector& MockTask::collector() { unset("sinks", "test what is written with a TopologyTestDriver"); }

StateStore& MockTask::store(const NodeBase& /*node*/, const std::string& name) {
  const auto found = stores_.find(name);
  if (found == stores_.end()) unset("state store '" + name + "'", "add it with add_state_store()");
  return *found->second;
}

Cancellable MockTask::schedule(NodeBase& /*node*/, std::optional<Timestamp> start, Millis interval,
                               PunctuationType type, Punctuator callback) {
  const auto ended = std::make_shared<bool>(false);
  punctuators_.push_back({start, interval, type, std::move(callback), ended});
  // The processor can cancel through this, and the test sees it in the captured punctuation.
  return Cancellable(ended);
}

std::filesystem::path MockTask::state_dir() const {
  if (setup_.state_dir.empty()) unset("state directory", "give it one in its Setup");
  return setup_.state_dir;
}

Timestamp MockTask::stream_time() const {
  if (!stream_time_) unset("stream time", "set it with set_current_stream_time_ms()");
  return *stream_time_;
}

Timestamp MockTask::system_time() const {
  if (!system_time_) unset("system time", "set it with set_current_system_time_ms()");
  return *system_time_;
}

}  // namespace millrace::detail
