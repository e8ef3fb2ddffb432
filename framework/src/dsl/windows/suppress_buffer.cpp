// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/windows/suppress_buffer.hpp"

#include "millrace/state/detail/formats.hpp"
#include "millrace/state/detail/header_formats.hpp"

namespace millrace::detail {
namespace {

// Headers of changelog records: the version of the value's format, and with dsl.store.format=HEADERS the origins of the
// prior and the old value.
constexpr char kVersionHeader[] = "v";
constexpr char kVersion = 3;
constexpr char kPriorOriginHeader[] = "vh.prior";
constexpr char kOldOriginHeader[] = "vh.old";

std::int64_t size(const std::string& bytes) { return static_cast<std::int64_t>(bytes.size()); }

/// The origin of a value: the headers and the timestamp of the record that it came from, in the bytes that stores with
/// headers put in front of a value.
std::string origin(const Headers& headers, Timestamp timestamp) {
  std::string bytes;
  formats::append_headers(bytes, headers);
  formats::append_be64(bytes, static_cast<std::uint64_t>(timestamp));
  return bytes;
}

/// The origin that a changelog record keeps in this header; nullopt: none.
std::optional<std::string> logged_origin(const RestoreRecord& record, const char* key) {
  const Header* header = record.headers == nullptr ? nullptr : record.headers->last(key);
  return header == nullptr ? std::nullopt : header->value;
}

/// Sets the origins of a restored value. A record may have no origins, because it was logged before
/// dsl.store.format=HEADERS was set. Its values then get the time of the last change as their origin.
void restore_origins(const RestoreRecord& record, SuppressedValue& value) {
  const std::string unknown = origin({}, value.context.timestamp);
  const auto prior_origin = logged_origin(record, kPriorOriginHeader);
  if (value.old_value) value.old_origin = logged_origin(record, kOldOriginHeader).value_or(unknown);
  // Equal values are logged with one origin only.
  if (value.prior == value.old_value && !prior_origin) {
    value.prior_origin = value.old_origin;
  } else if (value.prior) {
    value.prior_origin = prior_origin.value_or(unknown);
  }
}

}  // namespace

// A custom store: its data are in the node's memory, and it restores itself from its changelog.
StoreBuilder suppress_store_builder(std::string name, StoreDefinition::Make make) {
  StoreBuilder builder = Stores::custom_store(std::move(name), {});
  definition_of(builder).make = std::move(make);
  return builder;
}

Timestamp SuppressedValue::prior_timestamp() const {
  if (prior_origin.size() < sizeof(Timestamp)) return kNoTimestamp;
  // The timestamp is the last part of an origin.
  return static_cast<Timestamp>(formats::load_be64(prior_origin.data() + prior_origin.size() - sizeof(Timestamp)));
}

void SuppressBuffer::put(Timestamp time, const std::string& key, std::optional<std::string> new_value,
                         std::optional<std::string> old_value, BufferedContext context) {
  const SuppressedValue* waiting = find(key);
  SuppressedValue value;
  if (headers_format_ && old_value) {
    // As in Java, a change does not say where its old value came from. If the key is in the buffer, its newest value
    // there is this old value, and its context is the origin.
    value.old_origin = waiting != nullptr && waiting->new_value
                           ? origin(waiting->context.headers, waiting->context.timestamp)
                           : origin({}, kNoTimestamp);
  }
  // The prior value is the one from before the first buffered change of the key. Later changes do not change it.
  value.prior = waiting == nullptr ? old_value : waiting->prior;
  value.prior_origin = waiting == nullptr ? value.old_origin : waiting->prior_origin;
  value.old_value = std::move(old_value);
  value.new_value = std::move(new_value);
  value.context = std::move(context);
  mark_dirty(key);
  place(time, key, std::move(value));
}

// Counts as Java does, because the limits of BufferConfig are in these bytes.
std::int64_t SuppressBuffer::size_of(const std::string& key, const SuppressedValue& value) const {
  std::int64_t bytes = 8 + size(key) + value.size_in_memory();
  if (!headers_format_) return bytes;
  if (value.prior) bytes += size(value.prior_origin);
  if (value.old_value && !value.old_is_prior()) {
    bytes += size(value.old_origin);
    if (value.old_value == value.prior) bytes += size(*value.old_value);
  }
  if (value.new_value) bytes += size(origin(value.context.headers, value.context.timestamp));
  return bytes;
}

void SuppressBuffer::place(Timestamp time, const std::string& key, SuppressedValue value) {
  // A key keeps its place in time: the buffer's order is that of the first change of each key.
  const auto [known, added] = by_key_.emplace(key, time);
  bytes_ += size_of(key, value);
  if (added) {
    by_time_.emplace(Place(time, key), std::move(value));
  } else {
    SuppressedValue& waiting = by_time_.at(Place(known->second, key));
    // The old entry no longer counts; the new one was counted above.
    bytes_ -= size_of(key, waiting);
    waiting = std::move(value);
  }
}

// Removes a key without logging: for restore, and for callers that have marked the key.
void SuppressBuffer::forget(const std::string& key) {
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return;
  const auto place = by_time_.find(Place(known->second, key));
  bytes_ -= size_of(key, place->second);
  by_time_.erase(place);
  by_key_.erase(known);
}

// REQUIRES: not empty. The key is copied, because the entry that owns it is erased.
void SuppressBuffer::remove_oldest() {
  const std::string key = oldest_key();
  mark_dirty(key);
  forget(key);
}

const SuppressedValue* SuppressBuffer::find(const std::string& key) const {
  const auto known = by_key_.find(key);
  return known == by_key_.end() ? nullptr : &by_time_.at(Place(known->second, key));
}

// Changes are logged at the commit, once per key, in the order of their first change.
void SuppressBuffer::mark_dirty(const std::string& key) {
  if (log_ != nullptr && is_dirty_.insert(key).second) dirty_.push_back(key);
}

void SuppressBuffer::flush() {
  for (const std::string& key : dirty_) {
    // Without a timestamp: the producer stamps these records with the time at which they are sent.
    const SuppressedValue* waiting = find(key);
    if (waiting == nullptr) {
      log_->log(key, std::nullopt, kNoTimestamp, nullptr);
    } else {
      const std::string value = write_buffered(*waiting, by_key_.at(key));
      const Headers headers = changelog_headers(*waiting);
      log_->log(key, std::string_view(value), kNoTimestamp, &headers);
    }
  }
  dirty_.clear();
  is_dirty_.clear();
}

Headers SuppressBuffer::changelog_headers(const SuppressedValue& value) const {
  Headers headers{{kVersionHeader, std::string(1, kVersion)}};
  if (headers_format_) {
    // An origin is logged once: the old value's origin stands for the prior value's if they are equal.
    if (value.prior && !value.old_is_prior()) headers.add(kPriorOriginHeader, value.prior_origin);
    if (value.old_value) headers.add(kOldOriginHeader, value.old_origin);
  }
  return headers;
}

void SuppressBuffer::restore(std::span<const RestoreRecord> records) {
  for (const RestoreRecord& record : records) {
    const std::string key(record.key);
    if (!record.value) {
      forget(key);
      continue;
    }
    const Header* version = record.headers == nullptr ? nullptr : record.headers->last(kVersionHeader);
    // Without a version header the format is 0. -1 stands for a damaged header; read_buffered() refuses it.
    const int number = version == nullptr                               ? 0
                       : !version->value || version->value->size() != 1 ? -1
                                                                        : version->value->front();
    BufferedContext context;
    context.timestamp = record.timestamp;
    // Versions that have no context of their own use that of the changelog record.
    if (record.headers != nullptr) context.headers = *record.headers;
    const SuppressedValue* waiting = find(key);
    auto read = read_buffered(number, *record.value, context, waiting == nullptr ? nullptr : &waiting->prior);
    SuppressedValue value{std::move(read.value), {}, {}};
    if (headers_format_) restore_origins(record, value);
    place(read.buffer_time, key, std::move(value));
  }
}

}  // namespace millrace::detail
