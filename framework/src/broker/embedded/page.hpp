// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "broker/embedded/format.hpp"
#include "broker/embedded/wire.hpp"
#include "millrace/broker/consumer.hpp"
#include "millrace/common/bytes.hpp"
#include "millrace/common/headers.hpp"

namespace millrace::detail::embedded {

class PagePtr;

/// An immutable batch of records in memory, as stored on disk. Thread-safe.
/// The page counts its owners itself. So a ConsumerRecord keeps its page alive with one atomic increment and without an
/// allocation.
class Page {
 public:
  /// Takes over the bytes of a batch. Throws BrokerException (fatal) if they are too short.
  [[nodiscard]] static PagePtr make(Offset base_offset, std::string bytes);

  // Both offsets are inclusive.
  [[nodiscard]] Offset base_offset() const { return base_offset_; }
  [[nodiscard]] Offset last_offset() const { return base_offset_ + header_.last_offset_delta; }
  [[nodiscard]] const format::BatchHeader& header() const { return header_; }
  [[nodiscard]] bool is(format::Flags flag) const { return (header_.flags & flag) != 0; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  /// Adds an owner in the form of a RecordBuffer.
  [[nodiscard]] RecordBuffer share() const {
    owners_.fetch_add(1, std::memory_order_relaxed);
    return {const_cast<Page*>(this), [](void* page) { static_cast<const Page*>(page)->drop(); }};
  }

 private:
  friend class PagePtr;
  Page(Offset base_offset, std::string bytes)
      : base_offset_(base_offset), bytes_(std::move(bytes)), header_(format::read_batch_header(bytes_)) {}

  /// Gives up one ownership. The last owner deletes the page.
  void drop() const {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const Offset base_offset_;
  const std::string bytes_;
  const format::BatchHeader header_;
  mutable std::atomic<std::uint32_t> owners_{1};
};

/// Shared pointer to a page, or null.
class PagePtr {
 public:
  PagePtr() = default;
  /// Takes over one ownership: does not increment the count.
  explicit PagePtr(const Page* page) : page_(page) {}
  PagePtr(const PagePtr& other) : page_(other.page_) {
    if (page_ != nullptr) page_->owners_.fetch_add(1, std::memory_order_relaxed);
  }
  PagePtr(PagePtr&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}
  PagePtr& operator=(PagePtr other) noexcept {
    std::swap(page_, other.page_);
    return *this;
  }
  ~PagePtr() {
    if (page_ != nullptr) page_->drop();
  }

  explicit operator bool() const { return page_ != nullptr; }
  const Page& operator*() const { return *page_; }
  const Page* operator->() const { return page_; }

 private:
  const Page* page_ = nullptr;
};

/// One record of a page. The views point into the page's bytes.
struct PageRecord {
  Offset offset;
  Timestamp timestamp = 0;
  BytesView key;
  BytesView value;
  std::uint32_t header_count = 0;
  std::string_view header_bytes;  ///< as stored, see decode_headers()
};

/// Decodes the headers of a record. Kept apart from PageCursor::next(), because most readers of pages do not need
/// headers.
[[nodiscard]] Headers decode_headers(std::uint32_t count, std::string_view bytes);

/// Iterates over the records of a page. The page must outlive the cursor and the records that next() returns.
class PageCursor {
 public:
  explicit PageCursor(const Page& page)
      : page_(&page),
        in_(std::string_view(page.bytes()).substr(format::kBatchHeaderBytes), "a batch of records"),
        left_(page.header().records) {}

  /// Decodes the next record into `record`. Returns false at the end of the page.
  bool next(PageRecord& record);
  [[nodiscard]] bool at_end() const { return left_ == 0; }

 private:
  const Page* page_;
  wire::Reader in_;
  std::uint32_t left_;
};

/// The offset of a record minus the base offset of its batch.
using OffsetDelta = Strong<struct OffsetDeltaTag, std::uint32_t>;

/// Encodes records into a batch. Reusable after finish().
class BatchBuilder {
 public:
  /// Appends a record. The deltas must ascend.
  void add(OffsetDelta offset_delta, Timestamp timestamp, BytesView key, BytesView value, const Headers* headers);
  /// Appends a record of another page, with its headers as stored.
  void add(OffsetDelta offset_delta, const PageRecord& record);

  [[nodiscard]] bool empty() const { return records_ == 0; }
  [[nodiscard]] std::uint32_t records() const { return records_; }
  /// Size of the batch so far, in bytes, with its header.
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  /// Returns the batch and empties the builder. `last_offset_delta` defaults to the delta of the last record. A larger
  /// value covers offsets whose records compaction removed.
  [[nodiscard]] std::string finish(std::uint8_t flags, ProducerId producer_id, Timestamp delete_horizon = 0,
                                   std::optional<OffsetDelta> last_offset_delta = std::nullopt);
  /// As finish(), for topics with message.timestamp.type=LogAppendTime: every record gets the time `now`.
  [[nodiscard]] std::string finish_at(std::uint8_t flags, ProducerId producer_id, Timestamp now) {
    max_timestamp_ = now;
    return finish(static_cast<std::uint8_t>(flags | format::kLogAppendTime), producer_id);
  }

 private:
  /// Writes everything of a record except its headers.
  void start_record(OffsetDelta offset_delta, Timestamp timestamp, BytesView key, BytesView value);

  std::string bytes_;
  std::uint32_t records_ = 0;
  OffsetDelta last_delta_;
  Timestamp base_timestamp_ = 0;
  Timestamp max_timestamp_ = kNoTimestamp;
};

/// A control batch: marks the end of a transaction in one partition.
[[nodiscard]] std::string control_batch(bool commit, ProducerId producer_id, Timestamp now);

}  // namespace millrace::detail::embedded
