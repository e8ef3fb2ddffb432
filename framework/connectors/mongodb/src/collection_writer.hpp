// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "json_to_bson.hpp"
#include "mongo_connection.hpp"

namespace millrace::connect::detail {

/// Writes records to collections, and rejects those that cannot be written. Used by one thread.
class CollectionWriter {
 public:
  using Records = std::vector<const ConsumerRecord*>;

  /// `settings` must outlive the object.
  explicit CollectionWriter(const MongoSettings& settings) : settings_(settings), convert_(settings.dates) {}

  /// Of the server.
  void set_limits(const MongoLimits& limits) { limits_ = limits; }

  /// Returns when all records are written or rejected. Throws as throw_error() does.
  void write(mongoc_collection_t& collection, std::span<const ConsumerRecord* const> records, SinkContext& context);

 private:
  /// One refusal of the server. `index`: in the operations of the bulk.
  struct Refusal {
    std::size_t index;
    std::int64_t code;
    std::string text;
  };
  /// What came of a bulk. `whole`: the server refused it as a whole, so nothing of it is known to be written.
  struct Outcome {
    std::vector<Refusal> refusals;
    bool whole = false;
  };
  enum class How {
    insert,   ///< unordered; what is there already, but different, is written again with `replace`
    replace,  ///< ordered
  };

  void write_part(How how, std::span<const ConsumerRecord* const> records);
  /// Adds operations for records from the front of `records`. Returns how many records it has taken.
  std::size_t fill(mongoc_bulk_operation_t& bulk, How how, std::span<const ConsumerRecord* const> records);
  /// Those of the records whose documents in the collection are other ones, or absent.
  Records changed(std::span<const ConsumerRecord* const> records);
  /// Makes document_. Returns the reason to reject the record, or an empty string.
  std::string make_document(const ConsumerRecord& record, const std::string& id);
  /// Adds one operation. Returns the reason to reject the record, or an empty string.
  std::string add(mongoc_bulk_operation_t& bulk, How how, const ConsumerRecord& record);
  std::string add_origin(const ConsumerRecord& record);
  Outcome execute(mongoc_bulk_operation_t& bulk);
  /// The server refused all operations together: each is tried alone, to find the one that is at fault.
  void write_alone(How how, const Records& records, const std::string& why);
  void reject_or_wait(const ConsumerRecord& record, const Refusal& refusal);

  const MongoSettings& settings_;
  JsonToBson convert_;
  mongoc_collection_t* collection_ = nullptr;  ///< inside write()
  SinkContext* context_ = nullptr;             ///< inside write()
  Document document_;
  Document selector_;
  MongoLimits limits_;
  Records added_;          ///< the records of the bulk's operations
  std::size_t bytes_ = 0;  ///< of the bulk's documents
  /// How often the server had an internal error for a record: topic, partition, offset.
  std::map<std::tuple<std::string, std::int32_t, std::int64_t>, int> internal_errors_;
};

}  // namespace millrace::connect::detail
