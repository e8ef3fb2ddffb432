// SPDX-License-Identifier: Apache-2.0
#include "change_logging.hpp"
#include "state/memory/stores.hpp"
#include "stores.hpp"

namespace millrace::detail {

namespace {

// Writes a changelog record for each put; reads pass through unchanged.
//
// An LRU store deletes entries without a put. Each such deletion needs a tombstone in the changelog. Otherwise a
// restore would bring the entry back.
class ChangeLoggingKeyValueStore final : public KeyValueBytesStore {
 public:
  ChangeLoggingKeyValueStore(std::shared_ptr<KeyValueBytesStore> inner, ChangelogWriter& writer, ValueFormat format,
                             LoggedHeaders headers)
      : inner_(std::move(inner)), writer_(writer), format_(format), headers_(headers) {
    // Only the in-memory LRU store evicts. Other stores give null here.
    evicting_ = dynamic_cast<EvictingStore*>(inner_.get());
    if (evicting_ == nullptr) return;
    evicting_->set_eviction_listener(
        [this](std::string_view key) { log_change(writer_, format_, key, std::nullopt, LoggedHeaders::none); });
  }
  ChangeLoggingKeyValueStore(const ChangeLoggingKeyValueStore&) = delete;
  ChangeLoggingKeyValueStore& operator=(const ChangeLoggingKeyValueStore&) = delete;
  ~ChangeLoggingKeyValueStore() override {
    if (evicting_ != nullptr) evicting_->set_eviction_listener(nullptr);  // the store may live on
  }

  [[nodiscard]] const std::string& name() const override { return inner_->name(); }
  [[nodiscard]] bool persistent() const override { return inner_->persistent(); }
  void flush() override { inner_->flush(); }

  [[nodiscard]] BytesView get(std::string_view key) override { return inner_->get(key); }
  void put(std::string_view key, BytesView value) override {
    // With an LRU store, put first. The tombstone of the evicted key is then logged before the new entry, as in Kafka
    // Streams.
    if (evicting_ != nullptr) inner_->put(key, value);
    log_change(writer_, format_, key, value, headers_);
    // Any other store: log first. If the writer fails, the store is unchanged.
    if (evicting_ == nullptr) inner_->put(key, value);
  }
  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override {
    return inner_->range(from, to, forward);
  }
  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override {
    return inner_->prefix_scan(prefix);
  }
  [[nodiscard]] std::uint64_t approximate_num_entries() override { return inner_->approximate_num_entries(); }

  // Restores into the store directly: what comes from the changelog must not be logged again.
  void restore(std::span<const RestoreRecord> records) override { restore_changes(*inner_, format_, records); }

 private:
  std::shared_ptr<KeyValueBytesStore> inner_;
  ChangelogWriter& writer_;
  ValueFormat format_;
  LoggedHeaders headers_;
  EvictingStore* evicting_ = nullptr;  // inner_ as an LRU store; null if it is none
};

}  // namespace

std::unique_ptr<KeyValueBytesStore> make_change_logging(std::shared_ptr<KeyValueBytesStore> inner,
                                                        ChangelogWriter& writer, ValueFormat format,
                                                        LoggedHeaders headers) {
  return std::make_unique<ChangeLoggingKeyValueStore>(std::move(inner), writer, format, headers);
}

}  // namespace millrace::detail
