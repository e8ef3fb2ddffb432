#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "millrace/config/streams_config.hpp"
#include "millrace/processor/detail/task_context.hpp"
#include "millrace/state/store_builder.hpp"

namespace millrace {

/// A punctuation that a processor scheduled. Call `punctuator` with a time to see what it does.
/// (Kafka Streams: `CapturedPunctuator`.)
struct CapturedPunctuator {
  std::optional<Timestamp> start;  ///< ms since the epoch, if it was given
  Millis interval;
  PunctuationType type;
  Punctuator punctuator;
  std::shared_ptr<const bool> ended;

  [[nodiscard]] bool cancelled() const { return *ended; }
};

namespace detail {

/// The task behind a mock context: it keeps what it is told and asked.
class MockTask final : public TaskContext {
 public:
  struct Setup {
    StreamsConfig config;  ///< its application.id, too
    TaskId task_id;
    std::filesystem::path state_dir;  ///< empty: there is none
  };

  explicit MockTask(Setup setup);

  StateStore& add_state_store(const StoreBuilder& builder);
  [[nodiscard]] bool committed() const { return committed_; }
  void reset_commit() { committed_ = false; }
  [[nodiscard]] const std::vector<CapturedPunctuator>& punctuators() const { return punctuators_; }
  void set_record_metadata(std::optional<RecordMetadata> metadata);
  void set_stream_time(Timestamp time) { stream_time_ = time; }
  void set_system_time(Timestamp time) { system_time_ = time; }

  // --- TaskContext
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
  [[nodiscard]] TimestampPolicy default_timestamps() const override { return TimestampPolicy::fail_on_invalid; }
  [[nodiscard]] Timestamp stream_time() const override;
  [[nodiscard]] Timestamp system_time() const override;
  [[nodiscard]] std::int64_t emit_interval_ms() const override { return 0; }
  [[nodiscard]] std::optional<Timestamp> processor_metadata(const std::string& name) const override;
  void set_processor_metadata(const std::string& name, Timestamp time) override { metadata_[name] = time; }
  void processing_failed(const NodeBase& /*node*/) override { throw; }
  void deserialization_failed(const NodeBase& /*node*/) override { throw; }
  void serialization_failed(const NodeBase& /*node*/, const UnwrittenRecord& /*unwritten*/) override { throw; }
  void record_dropped(const NodeBase& /*node*/, DropReason /*reason*/) override {}
  [[nodiscard]] TopicTotals* produced(const NodeBase& /*sink*/, const std::string& /*topic*/) override {
    return nullptr;
  }

 private:
  Setup setup_;
  std::string application_id_;
  std::map<std::string, std::unique_ptr<StateStore>> stores_;
  std::vector<CapturedPunctuator> punctuators_;
  std::map<std::string, Timestamp> metadata_;
  std::optional<RecordMetadata> record_metadata_;
  RecordOrigin origin_;               ///< as the task has it
  std::optional<RecordScope> scope_;  ///< from set_record_metadata() on
  std::optional<Timestamp> stream_time_;
  std::optional<Timestamp> system_time_;
  bool committed_ = false;
};

}  // namespace detail
}  // namespace millrace
