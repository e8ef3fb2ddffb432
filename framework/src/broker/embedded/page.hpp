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

/// A batch of records in memory, immutable. Counts its owners itself, so that a ConsumerRecord keeps it alive
/// with one atomic increment and no allocation.
class Page {
 public:
  [[nodiscard]] static PagePtr make(std::int64_t base_offset, std::string bytes);

  [[nodiscard]] std::int64_t base_offset() const { return base_offset_; }
  [[nodiscard]] std::int64_t last_offset() const { return base_offset_ + header_.last_offset_delta; }
  [[nodiscard]] const format::BatchHeader& header() const { return header_; }
  [[nodiscard]] bool is(format::Flags flag) const { return (header_.flags & flag) != 0; }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

  /// One more owner, as a RecordBuffer.
  [[nodiscard]] RecordBuffer share() const {
    owners_.fetch_add(1, std::memory_order_relaxed);
    return {const_cast<Page*>(this), [](void* page) { static_cast<const Page*>(page)->drop(); }};
  }

 private:
  friend class PagePtr;
  Page(std::int64_t base_offset, std::string bytes)
      : base_offset_(base_offset), bytes_(std::move(bytes)), header_(format::read_batch_header(bytes_)) {}

  void drop() const {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  const std::int64_t base_offset_;
  const std::string bytes_;
  const format::BatchHeader header_;
  mutable std::atomic<std::uint32_t> owners_{1};
};

class PagePtr {
 public:
  PagePtr() = default;
  /// Takes over one ownership.
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

/// One record inside a page.
struct PageRecord {
  std::int64_t offset = 0;
  Timestamp timestamp = 0;
  BytesView key;
  BytesView value;
  std::uint32_t header_count = 0;
  std::string_view header_bytes;  ///< as stored; decode_headers() makes sense of it
};

[[nodiscard]] Headers decode_headers(std::uint32_t count, std::string_view bytes);

/// Walks over the records of a page. The page must outlive the cursor and what next() returns.
class PageCursor {
 public:
  explicit PageCursor(const Page& page)
      : page_(&page),
        in_(std::string_view(page.bytes()).substr(format::kBatchHeaderBytes), "a batch of records"),
        left_(page.header().records) {}

  /// Decodes the next record; false at the end.
  bool next(PageRecord& record);
  [[nodiscard]] bool at_end() const { return left_ == 0; }

 private:
  const Page* page_;
  wire::Reader in_;
  std::uint32_t left_;
};

/// Puts records together into a batch.
class BatchBuilder {
 public:
  /// Offsets must ascend and lie less than 2^32 behind the first.
  void add(std::uint32_t offset_delta, Timestamp timestamp, BytesView key, BytesView value, const Headers* headers);
  /// As it was in another page.
  void add(std::uint32_t offset_delta, const PageRecord& record);

  [[nodiscard]] bool empty() const { return records_ == 0; }
  [[nodiscard]] std::uint32_t records() const { return records_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }

  /// The batch; the builder is empty again. `last_offset_delta` is that of the last record if not given.
  [[nodiscard]] std::string finish(std::uint8_t flags, std::uint64_t producer_id, Timestamp delete_horizon = 0,
                                   std::optional<std::uint32_t> last_offset_delta = std::nullopt);
  /// A batch whose records all carry the time `now` (LogAppendTime).
  [[nodiscard]] std::string finish_at(std::uint8_t flags, std::uint64_t producer_id, Timestamp now) {
    max_timestamp_ = now;
    return finish(static_cast<std::uint8_t>(flags | format::kLogAppendTime), producer_id);
  }

 private:
  void start_record(std::uint32_t offset_delta, Timestamp timestamp, BytesView key, BytesView value);

  std::string bytes_;
  std::uint32_t records_ = 0;
  std::uint32_t last_delta_ = 0;
  Timestamp base_timestamp_ = 0;
  Timestamp max_timestamp_ = kNoTimestamp;
};

/// The batch that ends a transaction.
[[nodiscard]] std::string control_batch(bool commit, std::uint64_t producer_id, Timestamp now);

}  // namespace millrace::detail::embedded
