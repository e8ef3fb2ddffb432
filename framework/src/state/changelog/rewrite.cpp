// SPDX-License-Identifier: Apache-2.0
#include "rewrite.hpp"

#include <algorithm>
#include <limits>

#include "change_logging.hpp"
#include "millrace/state/detail/formats.hpp"

namespace millrace::detail {
namespace {

constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();

/// Passes a changelog record on. There is no current record, so a value without a timestamp gets the given one.
class EntryWriter final : public ChangelogWriter {
 public:
  EntryWriter(WriteChangelog write, Timestamp time) : write_(write), time_(time) {}

  void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) override {
    write_(key, value, timestamp, headers);
  }
  [[nodiscard]] Timestamp current_timestamp() const override { return time_; }
  [[nodiscard]] const Headers* current_headers() const override { return nullptr; }

 private:
  WriteChangelog write_;
  Timestamp time_;
};

}  // namespace

ChangelogRewrite::ChangelogRewrite(const ByteStore& store, ValueFormat format, LoggedHeaders headers, Timestamp time)
    : store_(store), format_(format), headers_(headers), time_(time) {
  if (store.key_value) {
    all_ = store.key_value->range(std::nullopt, std::nullopt, true);
  } else if (store.window) {
    auto windows = store.window->fetch_range(std::nullopt, std::nullopt, 0, kEndOfTime, true);
    windows_ = windows.get();
    all_ = std::move(windows);
  } else if (store.session) {
    auto sessions = store.session->find_sessions_in_range(std::nullopt, std::nullopt, {}, true);
    sessions_ = sessions.get();
    all_ = std::move(sessions);
  } else if (store.versioned) {
    // Sorted, because a restore drops what is older than the retention before the latest time that it has seen.
    store.versioned->visit_changes(
        [this](std::string_view key, Timestamp time) { versions_.emplace_back(time, std::string(key)); });
    std::ranges::sort(versions_);
    const auto repeated = std::ranges::unique(versions_);
    versions_.erase(repeated.begin(), repeated.end());
  }
}

std::pair<std::string_view, Timestamp> ChangelogRewrite::place() {
  key_.clear();
  if (windows_ != nullptr) {
    formats::append_window_key(key_, windows_->key(), windows_->window_start(), windows_->seq());
    return {key_, windows_->window_start()};
  }
  if (sessions_ != nullptr) {
    formats::append_session_key(key_, sessions_->key(), sessions_->session());
    return {key_, sessions_->session().end};
  }
  return {all_->key(), time_};
}

std::string ChangelogRewrite::no_key() const {
  std::string key;
  if (windows_ != nullptr) formats::append_window_key(key, {}, 0, Sequence());
  if (sessions_ != nullptr) formats::append_session_key(key, {}, {0, 0});
  return key;
}

bool ChangelogRewrite::write(std::size_t max, WriteChangelog write) {
  is_empty_ = is_empty_ && (all_ ? !all_->valid() : versions_.empty());
  if (is_empty_) {
    write(no_key(), std::nullopt, 0, nullptr);
    return false;
  }
  return all_ ? write_entries(max, write) : write_versions(max, write);
}

bool ChangelogRewrite::write_entries(std::size_t max, WriteChangelog write) {
  for (std::size_t written = 0; all_->valid(); all_->next(), ++written) {
    if (written == max) return true;
    const auto [key, time] = place();
    EntryWriter writer(write, time);
    log_change(writer, format_, key, all_->value(), headers_);
  }
  return false;
}

bool ChangelogRewrite::write_versions(std::size_t max, WriteChangelog write) {
  for (std::size_t written = 0; next_version_ < versions_.size(); ++next_version_, ++written) {
    if (written == max) return true;
    const auto& [time, key] = versions_[next_version_];
    const auto version = store_.versioned->get(key, time);
    write(key, version ? BytesView(version->value) : std::nullopt, time, nullptr);
  }
  return false;
}

}  // namespace millrace::detail
