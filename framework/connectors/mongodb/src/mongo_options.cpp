// SPDX-License-Identifier: Apache-2.0
#include "millrace/mongodb/mongo_options.hpp"

namespace millrace::connect {

void MongoOptions::add(Options& options) {
  options.option("--uri", uri_, "the MongoDB server: mongodb://user@host:port/?option=value, without the password")
      .option("--database", database_, "the database")
      .option("--password-file", password_file_,
              "the file whose first line is the user's password; without it, MONGODB_PASSWORD in the environment")
      .option("--tls-ca", tls_ca_, "use TLS, and trust the authorities in this PEM file")
      .option("--origin-field", origin_field_,
              "add a field of this name with topic, partition, offset, timestamp and key of the record")
      .flag("--allow-plain", allow_plain_, "permit other machines without TLS");
}

MongoSettings MongoOptions::settings() const {
  MongoSettings settings;
  settings.uri = uri_;
  settings.database = database_;
  settings.password = password_file_ ? Secret::from_file(*password_file_, "the password of MongoDB")
                                     : Secret::from_environment("MONGODB_PASSWORD");
  settings.tls_ca = tls_ca_.value_or("");
  settings.allow_plain = allow_plain_;
  settings.origin_field = origin_field_;
  return settings;
}

}  // namespace millrace::connect
