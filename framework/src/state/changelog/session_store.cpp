// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "change_logging.hpp"
#include "millrace/state/detail/formats.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

// Writes a changelog record for each put or remove; reads pass through unchanged. The changelog key holds the session:
// | key | end (8) | start (8) |.
class ChangeLoggingSessionStore final : public SessionBytesStore {
 public:
  ChangeLoggingSessionStore(std::shared_ptr<SessionBytesStore> inner, ChangelogWriter& writer, ValueFormat format,
                            LoggedHeaders headers)
      : inner_(std::move(inner)), writer_(writer), format_(format), headers_(headers) {}

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] bool persistent() const override { return inner_->persistent(); }
  void flush() override { inner_->flush(); }
  [[nodiscard]] Timestamp observed_stream_time() const override { return inner_->observed_stream_time(); }
  [[nodiscard]] std::int64_t retention_ms() const override { return inner_->retention_ms(); }

  // As in Java, every call is logged. That includes puts that the store skips because they are expired.
  void put(std::string_view key, const Window& session, BytesView value) override {
    inner_->put(key, session, value);
    log(key, session, value);
  }
  // A removed session leaves a tombstone, so that compaction of the changelog topic can drop it.
  void remove(std::string_view key, const Window& session) override {
    inner_->remove(key, session);
    log(key, session, std::nullopt);
  }

  [[nodiscard]] BytesView fetch_session(std::string_view key, const Window& session) override {
    return inner_->fetch_session(key, session);
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions(std::string_view key, const SessionBounds& bounds,
                                                                    bool forward) override {
    return inner_->find_sessions(key, bounds, forward);
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_in_range(BytesView key_from, BytesView key_to,
                                                                             const SessionBounds& bounds,
                                                                             bool forward) override {
    return inner_->find_sessions_in_range(key_from, key_to, bounds, forward);
  }
  [[nodiscard]] std::unique_ptr<SessionBytesIterator> find_sessions_by_end(Timestamp earliest_end,
                                                                           Timestamp latest_end) override {
    return inner_->find_sessions_by_end(earliest_end, latest_end);
  }

  // Restores into the store directly: what comes from the changelog must not be logged again.
  void restore(std::span<const RestoreRecord> records) override { restore_changes(*inner_, format_, records); }

 private:
  void log(std::string_view key, const Window& session, BytesView value) {
    changelog_key_.clear();
    formats::append_session_key(changelog_key_, key, session);
    log_change(writer_, format_, changelog_key_, value, headers_);
  }

  std::shared_ptr<SessionBytesStore> inner_;
  ChangelogWriter& writer_;
  ValueFormat format_;
  LoggedHeaders headers_;
  std::string changelog_key_;  // scratch space, to avoid an allocation per put
};

}  // namespace

std::unique_ptr<SessionBytesStore> make_change_logging(std::shared_ptr<SessionBytesStore> inner,
                                                       ChangelogWriter& writer, ValueFormat format,
                                                       LoggedHeaders headers) {
  return std::make_unique<ChangeLoggingSessionStore>(std::move(inner), writer, format, headers);
}

}  // namespace millrace::detail
