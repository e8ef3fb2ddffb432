// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "change_logging.hpp"
#include "millrace/state/detail/formats.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

// Writes a changelog record for each put; reads pass through unchanged. The changelog key holds the window: | key |
// start (8) | sequence number (4) |.
class ChangeLoggingWindowStore final : public WindowBytesStore {
 public:
  ChangeLoggingWindowStore(std::shared_ptr<WindowBytesStore> inner, ChangelogWriter& writer, ValueFormat format,
                           LoggedHeaders headers)
      : inner_(std::move(inner)), writer_(writer), format_(format), headers_(headers) {}

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] bool persistent() const override { return inner_->persistent(); }
  void flush() override { inner_->flush(); }
  [[nodiscard]] Timestamp observed_stream_time() const override { return inner_->observed_stream_time(); }
  [[nodiscard]] const WindowStoreOptions& options() const override { return inner_->options(); }

  // As in Java, every put is logged. That includes null puts, and puts that the store skips because they are expired.
  Sequence put(std::string_view key, BytesView value, Timestamp window_start) override {
    // The changelog key contains the sequence number, which only the store knows. So put first.
    const Sequence seq = inner_->put(key, value, window_start);
    changelog_key_.clear();
    formats::append_window_key(changelog_key_, key, window_start, seq);
    log_change(writer_, format_, changelog_key_, value, headers_);
    return seq;
  }

  [[nodiscard]] BytesView fetch(std::string_view key, Timestamp window_start) override {
    return inner_->fetch(key, window_start);
  }
  void fetch_each(std::string_view key, Timestamp from, Timestamp to,
                  FunctionRef<bool(Timestamp, std::string_view)> visit) override {
    inner_->fetch_each(key, from, to, visit);
  }
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch(std::string_view key, Timestamp from, Timestamp to,
                                                           bool forward) override {
    return inner_->fetch(key, from, to, forward);
  }
  [[nodiscard]] std::unique_ptr<WindowBytesIterator> fetch_range(BytesView key_from, BytesView key_to, Timestamp from,
                                                                 Timestamp to, bool forward) override {
    return inner_->fetch_range(key_from, key_to, from, to, forward);
  }

  // Restores into the store directly: what comes from the changelog must not be logged again.
  void restore(std::span<const RestoreRecord> records) override { restore_changes(*inner_, format_, records); }

 private:
  std::shared_ptr<WindowBytesStore> inner_;
  ChangelogWriter& writer_;
  ValueFormat format_;
  LoggedHeaders headers_;
  std::string changelog_key_;  // scratch space, to avoid an allocation per put
};

}  // namespace

std::unique_ptr<WindowBytesStore> make_change_logging(std::shared_ptr<WindowBytesStore> inner, ChangelogWriter& writer,
                                                      ValueFormat format, LoggedHeaders headers) {
  return std::make_unique<ChangeLoggingWindowStore>(std::move(inner), writer, format, headers);
}

}  // namespace millrace::detail
