// SPDX-License-Identifier: Apache-2.0
#include "collection_writer.hpp"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "common/log_seldom.hpp"
#include "common/visible.hpp"
#include "millrace/common/errors.hpp"

namespace millrace::connect::detail {
namespace {

constexpr std::int64_t kInternalError = 1;
constexpr std::int64_t kDuplicateKey = 11000;
/// After as many internal errors of the server for one record, the record is taken to be the cause.
constexpr int kInternalErrors = 3;
constexpr std::size_t kIdsPerSearch = 1000;
/// MongoDB's limit for a document.
constexpr std::uint32_t kLargestDocument = 16 * 1024 * 1024;
/// A bulk holds copies of its documents. Bounds the memory for them.
constexpr std::size_t kBytesPerBulk = 32 * 1024 * 1024;

std::string default_id(const ConsumerRecord& record) {
  return *record.topic + "-" + std::to_string(record.partition) + "-" + std::to_string(record.offset);
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

std::string text_of(const bson_iter_t& document, const char* field) {
  bson_iter_t child;
  bson_iter_t found;
  if (!bson_iter_recurse(&document, &child) || !bson_iter_find_descendant(&child, field, &found)) return {};
  return BSON_ITER_HOLDS_UTF8(&found) ? bson_iter_utf8(&found, nullptr) : std::string();
}

std::int64_t number_of(const bson_iter_t& document, const char* field) {
  bson_iter_t child;
  bson_iter_t found;
  if (!bson_iter_recurse(&document, &child) || !bson_iter_find_descendant(&child, field, &found)) return 0;
  return bson_iter_as_int64(&found);
}

}  // namespace

void CollectionWriter::write(mongoc_collection_t& collection, std::span<const ConsumerRecord* const> records,
                             SinkContext& context) {
  collection_ = &collection;
  context_ = &context;
  write_part(settings_.id ? How::replace : How::insert, records);
  // Kept only while records fail.
  internal_errors_.clear();
}

void CollectionWriter::write_part(How how, std::span<const ConsumerRecord* const> records) {
  Records again;
  while (!records.empty()) {
    Document options;
    bson_append_bool(options.get(), "ordered", -1, how == How::replace);
    const MongoBulk bulk(mongoc_collection_create_bulk_operation_with_opts(collection_, options.get()));
    const auto taken = fill(*bulk, how, records);
    if (!added_.empty()) {
      // The members are used again by what follows.
      const Records added = std::exchange(added_, {});
      const auto outcome = execute(*bulk);
      if (outcome.whole) {
        if (added.size() > 1) {
          write_alone(how, added, outcome.refusals.front().text);
        } else {
          reject_or_wait(*added.front(), outcome.refusals.front());
        }
      }
      for (const auto& refusal : outcome.refusals) {
        if (outcome.whole || refusal.index >= added.size()) continue;
        if (how == How::insert && refusal.code == kDuplicateKey) {
          again.push_back(added[refusal.index]);
          continue;
        }
        reject_or_wait(*added[refusal.index], refusal);
        // An ordered bulk ends there.
        if (how == How::replace) write_part(how, std::span(added).subspan(refusal.index + 1));
      }
    }
    records = records.subspan(taken);
  }
  // A record that came before is the same document. Otherwise the topic was made anew, or another document is in the
  // way in a unique index.
  for (std::span<const ConsumerRecord* const> rest = again; !rest.empty();) {
    const auto part = rest.first(std::min(rest.size(), kIdsPerSearch));
    write_part(How::replace, changed(part));
    rest = rest.subspan(part.size());
  }
}

std::size_t CollectionWriter::fill(mongoc_bulk_operation_t& bulk, How how,
                                   std::span<const ConsumerRecord* const> records) {
  added_.clear();
  bytes_ = 0;
  std::size_t taken = 0;
  while (taken < records.size() && bytes_ < kBytesPerBulk &&
         (how == How::insert || added_.size() < limits_.replacements)) {
    const auto& record = *records[taken++];
    if (!record.value && settings_.tombstone == MongoTombstone::skip) continue;
    const auto reason = add(bulk, how, record);
    if (!reason.empty()) context_->reject(record, reason);
  }
  return taken;
}

std::string CollectionWriter::make_document(const ConsumerRecord& record, const std::string& id) {
  document_.clear();
  bson_append_utf8(document_.get(), "_id", 3, id.data(), static_cast<int>(id.size()));
  if (auto reason = convert_.append(*document_.get(), *record.value, settings_.origin_field); !reason.empty()) {
    // The conversion may have left a nested document open.
    bson_destroy(document_.get());
    bson_init(document_.get());
    return reason;
  }
  if (!settings_.origin_field.empty()) {
    if (auto reason = add_origin(record); !reason.empty()) return reason;
  }
  if (document_.get()->len > kLargestDocument) {
    return "the document has " + std::to_string(document_.get()->len) + " bytes; MongoDB's limit is 16 MiB";
  }
  return {};
}

CollectionWriter::Records CollectionWriter::changed(std::span<const ConsumerRecord* const> records) {
  std::map<std::string, const ConsumerRecord*> open;
  for (const auto* record : records) open.emplace(default_id(*record), record);
  Document filter;
  bson_t condition;
  bson_t ids;
  bson_append_document_begin(filter.get(), "_id", 3, &condition);
  bson_append_array_begin(&condition, "$in", 3, &ids);
  std::uint32_t index = 0;
  for (const auto& [id, record] : open) {
    char buffer[16];
    const char* name = nullptr;
    const auto size = bson_uint32_to_string(index++, &name, buffer, sizeof buffer);
    bson_append_utf8(&ids, name, static_cast<int>(size), id.data(), static_cast<int>(id.size()));
  }
  bson_append_array_end(&condition, &ids);
  bson_append_document_end(filter.get(), &condition);
  Document options;
  bson_append_int32(options.get(), "batchSize", -1, static_cast<std::int32_t>(open.size()) + 1);
  const MongoCursor cursor(mongoc_collection_find_with_opts(collection_, filter.get(), options.get(), nullptr));
  const bson_t* found = nullptr;
  while (mongoc_cursor_next(cursor.get(), &found)) {
    bson_iter_t id;
    if (!bson_iter_init_find(&id, found, "_id") || !BSON_ITER_HOLDS_UTF8(&id)) continue;
    const auto record = open.find(bson_iter_utf8(&id, nullptr));
    if (record == open.end() || !make_document(*record->second, record->first).empty()) continue;
    if (bson_equal(document_.get(), found)) open.erase(record);
  }
  bson_error_t error{};
  if (mongoc_cursor_error(cursor.get(), &error)) throw_error(error, "cannot compare what is there already");
  Records rest;
  for (const auto* record : records) {
    if (open.contains(default_id(*record))) rest.push_back(record);
  }
  return rest;
}

std::string CollectionWriter::add(mongoc_bulk_operation_t& bulk, How how, const ConsumerRecord& record) {
  const auto id = settings_.id ? settings_.id(record) : std::optional(default_id(record));
  if (!id) return "no document id can be made from the record: it needs a key that is text";
  if (!is_utf8(*id)) return "the document id is not UTF-8";
  selector_.clear();
  bson_append_utf8(selector_.get(), "_id", 3, id->data(), static_cast<int>(id->size()));
  bson_error_t error{};
  if (!record.value) {
    if (settings_.tombstone != MongoTombstone::remove) return "the record has no value (a tombstone)";
    if (!mongoc_bulk_operation_remove_one_with_opts(&bulk, selector_.get(), nullptr, &error)) return error.message;
    added_.push_back(&record);
    return {};
  }
  if (auto reason = make_document(record, *id); !reason.empty()) return reason;
  Document options;
  // The conversion has checked what the library would check.
  bson_append_bool(options.get(), "validate", -1, false);
  if (how == How::replace) bson_append_bool(options.get(), "upsert", -1, true);
  const bool done =
      how == How::insert
          ? mongoc_bulk_operation_insert_with_opts(&bulk, document_.get(), options.get(), &error)
          : mongoc_bulk_operation_replace_one_with_opts(&bulk, selector_.get(), document_.get(), options.get(), &error);
  if (!done) return error.message;
  bytes_ += document_.get()->len;
  added_.push_back(&record);
  return {};
}

std::string CollectionWriter::add_origin(const ConsumerRecord& record) {
  bson_t origin;
  bson_append_document_begin(document_.get(), settings_.origin_field.c_str(), -1, &origin);
  bson_append_utf8(&origin, "topic", -1, record.topic->c_str(), -1);
  bson_append_int32(&origin, "partition", -1, record.partition);
  bson_append_int64(&origin, "offset", -1, record.offset);
  bson_append_date_time(&origin, "timestamp", -1, record.timestamp);
  if (!record.key) {
    bson_append_null(&origin, "key", -1);
  } else if (is_utf8(*record.key)) {
    bson_append_utf8(&origin, "key", -1, record.key->data(), static_cast<int>(record.key->size()));
  } else {
    bson_append_binary(&origin, "key", -1, BSON_SUBTYPE_BINARY,
                       reinterpret_cast<const std::uint8_t*>(record.key->data()),
                       static_cast<std::uint32_t>(record.key->size()));
  }
  return bson_append_document_end(document_.get(), &origin) ? "" : "the document is too large for BSON";
}

CollectionWriter::Outcome CollectionWriter::execute(mongoc_bulk_operation_t& bulk) {
  Document reply;
  bson_error_t error{};
  bson_destroy(reply.get());
  const bool done = mongoc_bulk_operation_execute(&bulk, reply.get(), &error) != 0;
  Outcome outcome;
  bson_iter_t errors;
  bson_iter_t each;
  if (bson_iter_init_find(&errors, reply.get(), "writeErrors") && bson_iter_recurse(&errors, &each)) {
    while (bson_iter_next(&each)) {
      outcome.refusals.push_back({.index = static_cast<std::size_t>(number_of(each, "index")),
                                  .code = number_of(each, "code"),
                                  .text = text_of(each, "errmsg")});
    }
  }
  if (done) return outcome;
  if (outcome.refusals.empty()) {
    if (is_general(error)) throw_error(error, "cannot write");
    outcome.whole = true;
    outcome.refusals.push_back({.index = 0, .code = error.code, .text = error.message});
    return outcome;
  }
  // Beside refused documents, the connection may be lost, or too few replicas may have the others.
  if (error.domain != MONGOC_ERROR_SERVER && error.domain != MONGOC_ERROR_COMMAND && is_general(error)) {
    throw_error(error, "cannot write");
  }
  for (const auto& refusal : outcome.refusals) {
    if (is_passing(refusal.code)) throw RetriableException("cannot write: " + millrace::detail::visible(refusal.text));
  }
  if (bson_iter_init_find(&errors, reply.get(), "writeConcernErrors") && bson_iter_recurse(&errors, &each) &&
      bson_iter_next(&each)) {
    throw RetriableException("too few replicas have the documents: " + text_of(each, "errmsg"));
  }
  return outcome;
}

void CollectionWriter::write_alone(How how, const Records& records, const std::string& why) {
  // If even the first few fail alone, the documents are hardly at fault; reject_or_wait() sees to that.
  millrace::detail::log_seldom(
      LogLevel::info, "mongodb alone",
      "MongoDB refuses a batch as a whole, so each document is written alone: " + millrace::detail::visible(why, 500));
  for (const auto* record : records) write_part(how, std::span(&record, 1));
}

void CollectionWriter::reject_or_wait(const ConsumerRecord& record, const Refusal& refusal) {
  const auto text = millrace::detail::visible(refusal.text, 1000);
  if (refusal.code == kInternalError) {
    // Perhaps the server's disk is full, perhaps it cannot digest this document.
    auto& count = internal_errors_[{*record.topic, record.partition, record.offset}];
    if (++count < kInternalErrors) throw RetriableException("the server has an internal error: " + text);
  }
  context_->reject(record,
                   "the server refuses the document: " + text + " (error " + std::to_string(refusal.code) + ")");
}

}  // namespace millrace::connect::detail
