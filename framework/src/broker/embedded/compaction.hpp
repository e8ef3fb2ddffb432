#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/embedded/page.hpp"
#include "broker/embedded/storage.hpp"
#include "broker/embedded/topic_settings.hpp"

namespace millrace::detail::embedded {

/// One compaction of one partition: keeps of each key the newest record, of deleted keys (null value) nothing once
/// delete.retention.ms have passed since a compaction first saw the deletion. Small batches are joined, aborted
/// records and the ends of transactions drop out; offsets stay.
class Compaction {
 public:
  using IsAborted = std::function<bool(const Page& page)>;

  Compaction(Storage& storage, std::uint32_t topic_id, std::int32_t partition, const TopicSettings& settings,
             Timestamp now, const std::atomic<bool>& stop)
      : storage_(storage), topic_id_(topic_id), partition_(partition), settings_(settings), now_(now), stop_(stop) {}

  /// First pass: notes where each key's newest record in [from, to) is. Returns where it stopped: at `to`, at the
  /// first batch that is too young, or when the keys fill their memory.
  [[nodiscard]] std::int64_t map_latest(std::int64_t from, std::int64_t to, const IsAborted& is_aborted);

  /// Second pass: writes the batches of [from, to) anew, a few megabytes at a time: each piece replaces the batches
  /// that it was made of. `write` stores the changes (`last`: of the last piece) and returns false to give up.
  void rewrite(std::int64_t from, std::int64_t to, const IsAborted& is_aborted,
               const std::function<bool(Storage::Changes& changes, bool last)>& write);

  [[nodiscard]] std::uint64_t records_kept() const { return kept_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
  };

  /// Whether the record survives; `horizon` is when its batch's tombstones may go.
  [[nodiscard]] bool keep(const PageRecord& record, Timestamp horizon) const;

  Storage& storage_;
  const std::uint32_t topic_id_;
  const std::int32_t partition_;
  const TopicSettings& settings_;
  const Timestamp now_;
  const std::atomic<bool>& stop_;  ///< set when the broker closes: gives up between two batches
  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> latest_;
  std::uint64_t kept_ = 0;
};

}  // namespace millrace::detail::embedded
