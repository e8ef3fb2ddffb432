// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "millrace/connect/secret.hpp"
#include "millrace/connect/sink.hpp"

namespace millrace::connect {

/// An index that the sink makes before it first writes to the collection, unless the index exists.
struct MongoIndex {
  std::string collection = {};           ///< empty: every collection
  std::vector<std::string> fields = {};  ///< in this order; a `-` in front of a name means descending
  bool unique = false;                   ///< a second document with the same values is refused
};

/// What a record without a value (a tombstone) means.
enum class MongoTombstone {
  reject,  ///< it is an error: SinkContext::reject()
  skip,    ///< nothing
  remove,  ///< the document with the record's id is removed; needs `MongoSettings::id`
};

/// Settings of a MongoSink. `uri` and `database` are required.
struct MongoSettings {
  /// The standard connection string: `mongodb://user@host:port/?option=value`, or `mongodb+srv://`.
  std::string uri = {};
  std::string database = {};
  std::optional<Secret> password = {};  ///< for the user that `uri` names; replaces a password in `uri`
  std::filesystem::path tls_ca = {};    ///< PEM file; implies TLS. Empty: the system's certificates, if `uri` wants TLS
  bool allow_plain = false;             ///< without TLS also to other machines

  /// The collection of a topic. Null: the one of the same name.
  std::function<std::string(const std::string& topic)> collection = {};
  /// The `_id` of a record's document. Null: `topic-partition-offset`, so that each record is one document, however
  /// often it is delivered. With a function, a later record replaces the document of an earlier one with the same id;
  /// nullopt rejects the record.
  std::function<std::optional<std::string>(const ConsumerRecord&)> id = {};
  MongoTombstone tombstone = MongoTombstone::reject;
  /// Fields at the top of the JSON value that hold milliseconds since the epoch, and become dates.
  std::vector<std::string> dates = {};
  /// Not empty: the name of a field that is added, with topic, partition, offset, timestamp and key of the record.
  std::string origin_field = {};
  std::vector<MongoIndex> indexes = {};
};

/// The `_id` of a record's document is its key as text: for MongoSettings::id. A later record replaces an earlier one.
/// nullopt for a record without a key, or with one that is not UTF-8.
[[nodiscard]] std::optional<std::string> mongo_id_from_key(const ConsumerRecord& record);

/// Writes records with JSON objects as values to MongoDB (4.0 or later), or to what speaks its protocol.
///
/// JSON integers become int64, other numbers double (also integers that no int64 can hold); strings, booleans, null,
/// arrays and objects keep their form. A document is acknowledged by a majority of the replica set, unless the URI has
/// another write concern.
///
/// Delivery  A repeated record replaces its own document. So there is never a second one.
/// Errors    A record is rejected if its value is not a JSON object, has a field `_id`, a repeated name, a name that
///           MongoDB cannot hold, or more than 16 MiB, or if the server refuses it (a unique index, for example). The
///           other records of the batch are written. RetriableException: the server cannot be reached, is not the
///           primary, or does not answer for `socketTimeoutMS` of the URI (default: 20 s). Every other error of the
///           server, such as a wrong password, is a StreamsException, which ends the program.
class MongoSink final : public Sink {
 public:
  /// Does not connect. Throws ConfigException for an unusable setting.
  explicit MongoSink(MongoSettings settings);
  ~MongoSink() override;

  [[nodiscard]] std::string name() const override;
  void open(SinkContext& context) override;
  void put(std::span<const ConsumerRecord> records) override;
  void close() noexcept override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::connect
