// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/task_context.hpp"
#include "millrace/serde/detail/configured_serdes.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace {

/// A punctuation that a processor has scheduled. A test calls `punctuator` with a time (ms since the epoch) to run it.
/// (Kafka Streams: `CapturedPunctuator`.)
struct CapturedPunctuator {
  std::optional<Timestamp> start;  ///< ms since the epoch; nullopt: not given
  Millis interval;
  PunctuationType type;
  Punctuator punctuator;
  std::shared_ptr<const bool> ended;  ///< shared with the Cancellable that the processor got

  /// Whether the processor has cancelled it.
  [[nodiscard]] bool cancelled() const { return *ended; }
};

namespace detail {

/// The task behind a mock context. It returns what the test has set and keeps what the processor does. Threads: one.
class MockTask final : public TaskContext {
 public:
  /// See MockContext::Setup.
  struct Setup {
    StreamsConfig config;  ///< also the source of application.id
    TaskId task_id;
    std::filesystem::path state_dir;  ///< empty: none, asking for it throws
  };

  // The methods up to "TaskContext" are for the test, see MockContext.
  explicit MockTask(Setup setup);

  StateStore& add_state_store(const StoreBuilder& builder);
  [[nodiscard]] bool committed() const { return committed_; }
  void reset_commit() { committed_ = false; }
  [[nodiscard]] const std::vector<CapturedPunctuator>& punctuators() const { return punctuators_; }
  void set_record_metadata(std::optional<RecordMetadata> metadata);
  void set_stream_time(Timestamp time) { stream_time_ = time; }
  void set_system_time(Timestamp time) { system_time_ = time; }

  // --- TaskContext: for the processor
  [[nodiscard]] RecordCollector& collector() override;
  [[nodiscard]] StateStore& store(const NodeBase& node, const std::string& name) override;
  [[nodiscard]] Cancellable schedule(NodeBase& node, std::optional<Timestamp> start, Millis interval,
                                     PunctuationType type, Punctuator callback) override;
  void request_commit() override { committed_ = true; }
  [[nodiscard]] TaskId task_id() const override { return setup_.task_id; }
  [[nodiscard]] const std::string& application_id() const override { return application_id_; }
  [[nodiscard]] std::filesystem::path state_dir() const override;
  [[nodiscard]] std::string topic_name(const std::string& topic) const override { return topic; }
  [[nodiscard]] const StreamsConfig& config() const override { return setup_.config; }
  [[nodiscard]] ConfiguredSerdes& serdes() const override { return *serdes_; }
  [[nodiscard]] TimestampPolicy default_timestamps() const override { return TimestampPolicy::fail_on_invalid; }
  [[nodiscard]] Timestamp stream_time() const override;
  [[nodiscard]] Timestamp observed_time() const override { return stream_time(); }
  [[nodiscard]] Timestamp system_time() const override;
  [[nodiscard]] Timestamp monotonic_time() const override { return system_time(); }
  /// Operators emit results at once.
  [[nodiscard]] std::int64_t emit_interval_ms() const override { return 0; }
  void keep_time(const NodeBase& /*node*/, std::string /*name*/, Timestamp& /*time*/) override {}
  // Called inside a catch block: the exception goes on to the test.
  void processing_failed(const NodeBase& /*node*/) override { throw; }
  void deserialization_failed(const NodeBase& /*node*/) override { throw; }
  void serialization_failed(const NodeBase& /*node*/, const UnwrittenRecord& /*unwritten*/) override { throw; }
  void record_dropped(const NodeBase& /*node*/, DropReason /*reason*/) override {}
  [[nodiscard]] TopicTotals* produced(const NodeBase& /*sink*/, const std::string& /*topic*/) override {
    return nullptr;
  }

 private:
  // What the test has set, and what the processor has done.
  Setup setup_;
  std::string application_id_;
  std::unique_ptr<ConfiguredSerdes> serdes_;
  std::map<std::string, std::unique_ptr<StateStore>> stores_;
  std::vector<CapturedPunctuator> punctuators_;
  std::optional<RecordMetadata> record_metadata_;
  /// Where the current record comes from. Points into record_metadata_.
  RecordOrigin origin_;
  /// Makes origin_ the origin of the current record. Unset before the first set_record_metadata().
  std::optional<RecordScope> scope_;
  std::optional<Timestamp> stream_time_;
  std::optional<Timestamp> system_time_;
  bool committed_ = false;
};

}  // namespace detail
}  // namespace millrace
