// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>

#include "millrace/processor/detail/task_context.hpp"
#include "millrace/serde/detail/configured_serdes.hpp"

namespace millrace::detail {

/// A task without records and stores. Every call that expects work fails; tests override what they need.
class IdleTask : public TaskContext {
 public:
  [[nodiscard]] RecordCollector& collector() override { throw std::logic_error("collector"); }
  [[nodiscard]] StateStore& store(const NodeBase&, const std::string&) override { throw std::logic_error("store"); }
  [[nodiscard]] Cancellable schedule(NodeBase&, std::optional<Timestamp>, Millis, PunctuationType,
                                     Punctuator) override {
    throw std::logic_error("schedule");
  }
  void request_commit() override { throw std::logic_error("request_commit"); }
  [[nodiscard]] TaskId task_id() const override { return {}; }
  [[nodiscard]] const std::string& application_id() const override { throw std::logic_error("application_id"); }
  [[nodiscard]] std::filesystem::path state_dir() const override { throw std::logic_error("state_dir"); }
  [[nodiscard]] std::string topic_name(const std::string& topic) const override { return topic; }
  [[nodiscard]] const StreamsConfig& config() const override { throw std::logic_error("config"); }
  [[nodiscard]] ConfiguredSerdes& serdes() const override { return serdes_; }
  [[nodiscard]] TimestampPolicy default_timestamps() const override { return TimestampPolicy::fail_on_invalid; }
  [[nodiscard]] Timestamp stream_time() const override { return kNoTimestamp; }
  [[nodiscard]] Timestamp observed_time() const override { return kNoTimestamp; }
  [[nodiscard]] Timestamp system_time() const override { throw std::logic_error("system_time"); }
  [[nodiscard]] Timestamp monotonic_time() const override { throw std::logic_error("monotonic_time"); }
  [[nodiscard]] std::int64_t emit_interval_ms() const override { return 0; }
  void keep_time(const NodeBase&, std::string, Timestamp&) override {}
  void processing_failed(const NodeBase&) override { throw; }
  void deserialization_failed(const NodeBase&) override { throw; }
  void serialization_failed(const NodeBase&, const UnwrittenRecord&) override { throw; }
  void record_dropped(const NodeBase&, DropReason) override {}
  [[nodiscard]] TopicTotals* produced(const NodeBase&, const std::string&) override { return nullptr; }

 private:
  mutable ConfiguredSerdes serdes_;
};

}  // namespace millrace::detail
