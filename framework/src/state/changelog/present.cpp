// SPDX-License-Identifier: Apache-2.0
#include "present.hpp"

#include <map>
#include <string>
#include <utility>

#include "change_logging.hpp"
#include "millrace/state/detail/formats.hpp"

namespace millrace::detail {
namespace {

/// Writes one changelog record. The current record is a record of the tail, which gives the timestamp and the headers.
class TailWriter final : public ChangelogWriter {
 public:
  TailWriter(WriteChangelog write, const RestoreRecord& record) : write_(write), record_(record) {}

  void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) override {
    write_(key, value, timestamp, headers);
  }
  [[nodiscard]] Timestamp current_timestamp() const override { return record_.timestamp; }
  [[nodiscard]] const Headers* current_headers() const override { return record_.headers; }

 private:
  WriteChangelog write_;
  const RestoreRecord& record_;
};

/// The present value of an entry of a window store; nullopt: there is none. `key`: in the format of the changelog.
/// `held` keeps the bytes of the result.
BytesView present(WindowBytesStore& store, std::string_view key, std::string& held) {
  const formats::WindowKey entry = formats::read_window_key(key);
  const auto found = store.fetch(entry.key, entry.start, entry.start, true);
  for (; found->valid(); found->next()) {
    if (found->seq() != entry.seq) continue;
    held.assign(found->value());
    return std::string_view(held);
  }
  return std::nullopt;
}

/// The same for any store except a versioned one.
BytesView present(const ByteStore& store, std::string_view key, std::string& held) {
  if (store.key_value) return store.key_value->get(key);
  if (store.window) return present(*store.window, key, held);
  const formats::SessionKey entry = formats::read_session_key(key);
  return store.session->fetch_session(entry.key, entry.session);
}

}  // namespace

void write_present(const ByteStore& store, ValueFormat format, LoggedHeaders headers,
                   std::span<const RestoreRecord> tail, WriteChangelog write) {
  // The last record of each key. A versioned store has several versions of a key, so its records count by key and time.
  std::map<std::pair<std::string_view, Timestamp>, const RestoreRecord*> last;
  for (const RestoreRecord& record : tail) last[{record.key, store.versioned ? record.timestamp : 0}] = &record;
  std::string held;
  for (const auto& [place, record] : last) {
    if (store.versioned) {
      const auto version = store.versioned->get(record->key, record->timestamp);
      write(record->key, version ? BytesView(version->value) : std::nullopt, record->timestamp, nullptr);
      continue;
    }
    TailWriter writer(write, *record);
    log_change(writer, format, record->key, present(store, record->key, held), headers);
  }
}

}  // namespace millrace::detail
