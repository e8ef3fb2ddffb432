// SPDX-License-Identifier: Apache-2.0
#include "broker/embedded/page.hpp"

#include <algorithm>

namespace millrace::detail::embedded {

PagePtr Page::make(Offset base_offset, std::string bytes) { return PagePtr(new Page(base_offset, std::move(bytes))); }

bool PageCursor::next(PageRecord& record) {
  if (left_ == 0) return false;
  --left_;
  record.offset = page_->base_offset() + static_cast<std::int64_t>(in_.varint());
  const Timestamp own = page_->header().base_timestamp + wire::unzigzag(in_.varint());
  // With LogAppendTime, the time in the record is the producer's. The broker's time is in the header, because the batch
  // was encoded before its time was known.
  record.timestamp = page_->is(format::kLogAppendTime) ? page_->header().max_timestamp : own;
  // Stored as length + 1, so that 0 can mean null.
  const auto nullable = [this]() -> BytesView {
    const std::uint64_t size = in_.varint();
    if (size == 0) return std::nullopt;
    return in_.bytes(size - 1);
  };
  record.key = nullable();
  record.value = nullable();
  record.header_count = static_cast<std::uint32_t>(in_.varint());
  if (record.header_count == 0) {
    record.header_bytes = {};
    return true;
  }
  // Headers are skipped, not decoded: only their bytes are noted.
  const char* first = in_.position();
  for (std::uint32_t i = 0; i < record.header_count; ++i) {
    in_.bytes(in_.varint());
    nullable();
  }
  record.header_bytes = {first, static_cast<std::size_t>(in_.position() - first)};
  return true;
}

Headers decode_headers(std::uint32_t count, std::string_view bytes) {
  Headers headers;
  wire::Reader in(bytes, "the headers of a record");
  for (std::uint32_t i = 0; i < count; ++i) {
    std::string key(in.bytes(in.varint()));
    const std::uint64_t size = in.varint();
    headers.add(std::move(key),
                size == 0 ? std::nullopt : std::optional<std::string>(std::in_place, in.bytes(size - 1)));
  }
  return headers;
}

void BatchBuilder::start_record(OffsetDelta offset_delta, Timestamp timestamp, BytesView key, BytesView value) {
  if (records_ == 0) {
    // Leaves room for the header, which finish() writes.
    bytes_.assign(format::kBatchHeaderBytes, '\0');
    base_timestamp_ = timestamp;
    max_timestamp_ = timestamp;
  }
  // The base timestamp is the first record's, so its delta is 0. Later deltas may be negative.
  ++records_;
  last_delta_ = offset_delta;
  max_timestamp_ = std::max(max_timestamp_, timestamp);

  // The numbers before the key are collected first, so that the string grows once for all of them.
  char front[3 * wire::kMaxVarintBytes];
  char* end = wire::write_varint(front, offset_delta.value());
  end = wire::write_varint(end, wire::zigzag(timestamp - base_timestamp_));
  end = wire::write_varint(end, key ? key->size() + 1 : 0);
  bytes_.append(front, static_cast<std::size_t>(end - front));
  if (key) bytes_.append(*key);
  end = wire::write_varint(front, value ? value->size() + 1 : 0);
  bytes_.append(front, static_cast<std::size_t>(end - front));
  if (value) bytes_.append(*value);
}

void BatchBuilder::add(OffsetDelta offset_delta, Timestamp timestamp, BytesView key, BytesView value,
                       const Headers* headers) {
  start_record(offset_delta, timestamp, key, value);
  if (headers == nullptr || headers->empty()) {
    bytes_.push_back('\0');
    return;
  }
  char number[wire::kMaxVarintBytes];
  const auto append_number = [&](std::uint64_t value_of) {
    bytes_.append(number, static_cast<std::size_t>(wire::write_varint(number, value_of) - number));
  };
  append_number(headers->size());
  for (const Header& header : *headers) {
    append_number(header.key.size());
    bytes_.append(header.key);
    append_number(header.value ? header.value->size() + 1 : 0);
    if (header.value) bytes_.append(*header.value);
  }
}

void BatchBuilder::add(OffsetDelta offset_delta, const PageRecord& record) {
  start_record(offset_delta, record.timestamp, record.key, record.value);
  char number[wire::kMaxVarintBytes];
  bytes_.append(number, static_cast<std::size_t>(wire::write_varint(number, record.header_count) - number));
  // The headers are copied as stored, without decoding them.
  bytes_.append(record.header_bytes);
}

std::string BatchBuilder::finish(std::uint8_t flags, ProducerId producer_id, Timestamp delete_horizon,
                                 std::optional<OffsetDelta> last_offset_delta) {
  // A batch without records stands for offsets whose records compaction removed.
  if (records_ == 0) bytes_.assign(format::kBatchHeaderBytes, '\0');
  format::BatchHeader header;
  header.flags = flags;
  header.records = records_;
  header.last_offset_delta = last_offset_delta.value_or(last_delta_).value();
  header.base_timestamp = base_timestamp_;
  header.max_timestamp = max_timestamp_;
  header.producer_id = producer_id;
  header.delete_horizon = delete_horizon;
  format::write_batch_header(bytes_.data(), header);
  // Empty again, for the next batch. std::exchange() hands the bytes over without a copy.
  records_ = 0;
  last_delta_ = OffsetDelta();
  base_timestamp_ = 0;
  max_timestamp_ = kNoTimestamp;
  return std::exchange(bytes_, {});
}

std::string control_batch(bool commit, ProducerId producer_id, Timestamp now) {
  std::string bytes(format::kBatchHeaderBytes, '\0');
  format::BatchHeader header;
  // A control batch has no records. Its last_offset_delta of 0 makes it take exactly one offset.
  header.flags = static_cast<std::uint8_t>(format::kTransactional | format::kControl | (commit ? format::kCommit : 0));
  header.base_timestamp = now;
  header.max_timestamp = now;
  header.producer_id = producer_id;
  format::write_batch_header(bytes.data(), header);
  return bytes;
}

}  // namespace millrace::detail::embedded
