// SPDX-License-Identifier: Apache-2.0
#include "stores.hpp"

namespace millrace::detail {

namespace {

// Writes a changelog record for each put; reads pass through unchanged. The changelog has one record per version, so a
// restore replays the puts in their order and gets the same versions.
class ChangeLoggingVersionedStore final : public VersionedBytesStore {
 public:
  ChangeLoggingVersionedStore(std::shared_ptr<VersionedBytesStore> inner, ChangelogWriter& writer)
      : inner_(std::move(inner)), writer_(writer) {}

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] bool persistent() const override { return inner_->persistent(); }
  void flush() override { inner_->flush(); }
  [[nodiscard]] Timestamp observed_stream_time() override { return inner_->observed_stream_time(); }
  [[nodiscard]] std::int64_t history_retention_ms() const override { return inner_->history_retention_ms(); }

  // The record has the version's timestamp. As in Java, a put that the store rejects is logged too.
  VersionedPut put(std::string_view key, BytesView value, Timestamp timestamp) override {
    const VersionedPut result = inner_->put(key, value, timestamp);
    writer_.log(key, value, timestamp, nullptr);
    return result;
  }

  [[nodiscard]] std::optional<VersionedBytes> get(std::string_view key) override { return inner_->get(key); }
  [[nodiscard]] std::optional<VersionedBytes> get(std::string_view key, Timestamp as_of) override {
    return inner_->get(key, as_of);
  }

  void visit_changes(FunctionRef<void(std::string_view, Timestamp)> visit) override { inner_->visit_changes(visit); }

  // Restores into the store directly: what comes from the changelog must not be logged again.
  void restore(std::span<const RestoreRecord> records) override { inner_->restore(records); }

 private:
  std::shared_ptr<VersionedBytesStore> inner_;
  ChangelogWriter& writer_;
};

}  // namespace

std::unique_ptr<VersionedBytesStore> make_change_logging(std::shared_ptr<VersionedBytesStore> inner,
                                                         ChangelogWriter& writer) {
  return std::make_unique<ChangeLoggingVersionedStore>(std::move(inner), writer);
}

}  // namespace millrace::detail
