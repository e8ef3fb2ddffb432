// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mongoc/mongoc.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "millrace/mongodb/mongo_sink.hpp"

namespace millrace::connect::detail {

/// Deletes objects of libmongoc.
struct MongoDelete {
  void operator()(mongoc_uri_t* uri) const { mongoc_uri_destroy(uri); }
  void operator()(mongoc_client_t* client) const { mongoc_client_destroy(client); }
  void operator()(mongoc_collection_t* collection) const { mongoc_collection_destroy(collection); }
  void operator()(mongoc_cursor_t* cursor) const { mongoc_cursor_destroy(cursor); }
  void operator()(mongoc_bulk_operation_t* bulk) const { mongoc_bulk_operation_destroy(bulk); }
};
using MongoUri = std::unique_ptr<mongoc_uri_t, MongoDelete>;
using MongoClient = std::unique_ptr<mongoc_client_t, MongoDelete>;
using MongoCollection = std::unique_ptr<mongoc_collection_t, MongoDelete>;
using MongoCursor = std::unique_ptr<mongoc_cursor_t, MongoDelete>;
using MongoBulk = std::unique_ptr<mongoc_bulk_operation_t, MongoDelete>;

/// A bson_t that is destroyed with the object.
class Document {
 public:
  Document() { bson_init(&bson_); }
  ~Document() { bson_destroy(&bson_); }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  [[nodiscard]] bson_t* get() { return &bson_; }
  [[nodiscard]] const bson_t* get() const { return &bson_; }
  void clear() { bson_reinit(&bson_); }

 private:
  bson_t bson_;
};

/// The URI with the settings of the sink. Throws ConfigException.
[[nodiscard]] MongoUri make_uri(const MongoSettings& settings);

/// Connects to the server and signs in. Throws as throw_error() does.
[[nodiscard]] MongoClient connect(const mongoc_uri_t& uri, const MongoSettings& settings);

/// What a server can do at once.
struct MongoLimits {
  std::size_t replacements = 1;  ///< documents that one command may replace
};
[[nodiscard]] MongoLimits limits_of(mongoc_client_t& client);

/// Makes the index unless it exists.
void create_index(mongoc_client_t& client, const std::string& database, const MongoIndex& index);

/// True if the server may be able to do the same later: an error code of MongoDB, alone or of one write.
[[nodiscard]] bool is_passing(std::int64_t code);

/// True if the error has nothing to do with the documents: the connection, the primary, the rights.
[[nodiscard]] bool is_general(const bson_error_t& error);

/// Throws RetriableException if the same may succeed later, else StreamsException with a remedy.
[[noreturn]] void throw_error(const bson_error_t& error, const std::string& action);

}  // namespace millrace::connect::detail
