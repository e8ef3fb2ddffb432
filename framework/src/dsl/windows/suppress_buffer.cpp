#include "millrace/dsl/detail/windows/suppress_buffer.hpp"

namespace millrace::detail {
namespace {

constexpr char kVersionHeader[] = "v";
constexpr char kVersion = 3;

}  // namespace

void SuppressBuffer::put(Timestamp time, const std::string& key, std::optional<std::string> new_value,
                         std::optional<std::string> old_value, BufferedContext context) {
  const BufferedValue* waiting = find(key);
  BufferedValue value;
  value.prior = waiting == nullptr ? old_value : waiting->prior;
  value.old_value = std::move(old_value);
  value.new_value = std::move(new_value);
  value.context = std::move(context);
  mark_dirty(key);
  place(time, key, std::move(value));
}

void SuppressBuffer::place(Timestamp time, const std::string& key, BufferedValue value) {
  const auto [known, added] = by_key_.emplace(key, time);
  bytes_ += size_of(key, value);
  if (added) {
    by_time_.emplace(Place(time, key), std::move(value));
  } else {
    BufferedValue& waiting = by_time_.at(Place(known->second, key));
    bytes_ -= size_of(key, waiting);
    waiting = std::move(value);
  }
}

void SuppressBuffer::forget(const std::string& key) {
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return;
  const auto place = by_time_.find(Place(known->second, key));
  bytes_ -= size_of(key, place->second);
  by_time_.erase(place);
  by_key_.erase(known);
}

void SuppressBuffer::remove_oldest() {
  const std::string key = oldest_key();
  mark_dirty(key);
  forget(key);
}

const BufferedValue* SuppressBuffer::find(const std::string& key) const {
  const auto known = by_key_.find(key);
  return known == by_key_.end() ? nullptr : &by_time_.at(Place(known->second, key));
}

void SuppressBuffer::mark_dirty(const std::string& key) {
  if (log_ != nullptr && is_dirty_.insert(key).second) dirty_.push_back(key);
}

void SuppressBuffer::flush() {
  static const Headers kHeaders{{kVersionHeader, std::string(1, kVersion)}};
  for (const std::string& key : dirty_) {
    // Without a timestamp: the producer stamps these records with the time at which they are sent.
    const BufferedValue* waiting = find(key);
    if (waiting == nullptr) {
      log_->log(key, std::nullopt, kNoTimestamp, nullptr);
    } else {
      const std::string value = write_buffered(*waiting, by_key_.at(key));
      log_->log(key, std::string_view(value), kNoTimestamp, &kHeaders);
    }
  }
  dirty_.clear();
  is_dirty_.clear();
}

void SuppressBuffer::restore(std::span<const RestoreRecord> records) {
  for (const RestoreRecord& record : records) {
    const std::string key(record.key);
    if (!record.value) {
      forget(key);
      continue;
    }
    const Header* version = record.headers == nullptr ? nullptr : record.headers->last(kVersionHeader);
    const int number = version == nullptr                               ? 0
                       : !version->value || version->value->size() != 1 ? -1
                                                                        : version->value->front();
    BufferedContext context;
    context.timestamp = record.timestamp;
    if (record.headers != nullptr) context.headers = *record.headers;
    const BufferedValue* waiting = find(key);
    auto read = read_buffered(number, *record.value, context, waiting == nullptr ? nullptr : &waiting->prior);
    place(read.buffer_time, key, std::move(read.value));
  }
}

}  // namespace millrace::detail
