// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"
#include "millrace/state/detail/formats.hpp"
#include "unit/state/bytes_support.hpp"

namespace millrace::detail {

/// An entry of a window store, in a form that tests can compare.
struct WindowRow {
  std::string key;
  Timestamp start = 0;
  std::uint32_t seq = 0;
  std::string value;

  bool operator==(const WindowRow&) const = default;
  friend std::ostream& operator<<(std::ostream& out, const WindowRow& row) {
    return out << hex(row.key) << "@" << row.start << "#" << row.seq << "=" << hex(row.value);
  }
};

/// The order in which a store iterates over all keys.
enum class WindowOrder { by_segment, by_start };

/// The simplest implementation of a window store. It defines the expected behaviour.
class WindowModel {
 public:
  WindowModel(const WindowStoreOptions& options, WindowOrder order) : options_(options), order_(order) {}

  std::uint32_t put(const std::string& key, const std::optional<std::string>& value, Timestamp start) {
    std::uint32_t seq = 0;
    if (options_.retain_duplicates) {
      seq = ++seq_;
      // Java's RocksDB stores ignore such a put. The in-memory stores advance stream time.
      if (!value && order_ == WindowOrder::by_segment) return seq;
    }
    apply(key, value, start, seq);
    return seq;
  }

  void restore(const std::string& changelog_key, const std::optional<std::string>& value) {
    const auto [key, start, number] = formats::read_window_key(changelog_key);
    const std::uint32_t seq = number.value();
    if (options_.retain_duplicates) {
      if (value || order_ == WindowOrder::by_start) seq_ = std::max(seq_, seq);
      if (!value && order_ == WindowOrder::by_segment) return;
    }
    apply(std::string(key), value, start, seq);
  }

  [[nodiscard]] std::vector<WindowRow> fetch(const std::string& key, Timestamp from, Timestamp to) const {
    auto rows = fetch_range(key, key, from, to);
    std::sort(rows.begin(), rows.end(), [](const WindowRow& a, const WindowRow& b) {
      return std::tie(a.start, a.seq) < std::tie(b.start, b.seq);
    });
    return rows;
  }

  [[nodiscard]] std::vector<WindowRow> fetch_range(const std::optional<std::string>& key_from,
                                                   const std::optional<std::string>& key_to, Timestamp from,
                                                   Timestamp to) const {
    std::vector<WindowRow> rows;
    for (const auto& [id, value] : entries_) {
      const auto& [key, start, seq] = id;
      if ((key_from && key < *key_from) || (key_to && key > *key_to) || start < from || start > to) continue;
      if (start <= observed_ - options_.retention_ms) continue;
      rows.push_back({key, start, seq, value});
    }
    const std::int64_t interval = std::max<std::int64_t>(options_.retention_ms / 2, 60'000);
    const auto rank = [&](const WindowRow& row) {
      std::string bytes = row.key;
      if (order_ == WindowOrder::by_start) {
        if (options_.retain_duplicates) formats::append_be32(bytes, row.seq);
        return std::pair(row.start, bytes);
      }
      formats::append_be64(bytes, static_cast<std::uint64_t>(row.start));
      formats::append_be32(bytes, row.seq);
      return std::pair(row.start / interval, bytes);
    };
    std::sort(rows.begin(), rows.end(), [&](const WindowRow& a, const WindowRow& b) { return rank(a) < rank(b); });
    return rows;
  }

  [[nodiscard]] Timestamp observed_stream_time() const { return observed_; }

 private:
  void apply(const std::string& key, const std::optional<std::string>& value, Timestamp start, std::uint32_t seq) {
    observed_ = std::max(observed_, start);
    if (start <= observed_ - options_.retention_ms) return;
    if (value) {
      entries_[{key, start, seq}] = *value;
    } else if (!options_.retain_duplicates) {
      entries_.erase({key, start, seq});
    }
  }

  WindowStoreOptions options_;
  WindowOrder order_;
  Timestamp observed_ = kNoTimestamp;
  std::uint32_t seq_ = 0;
  std::map<std::tuple<std::string, Timestamp, std::uint32_t>, std::string> entries_;
};

inline std::vector<WindowRow> rows_of(WindowBytesIterator& it) {
  std::vector<WindowRow> rows;
  for (; it.valid(); it.next()) {
    rows.push_back({std::string(it.key()), it.window_start(), it.seq().value(), std::string(it.value())});
  }
  return rows;
}

}  // namespace millrace::detail
