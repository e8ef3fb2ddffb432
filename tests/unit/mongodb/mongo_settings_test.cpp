// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <functional>
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/mongodb/mongo_sink.hpp"

using namespace millrace::connect;

namespace {

/// What the constructor says about the settings; empty: nothing.
std::string complaint(const std::function<void(MongoSettings&)>& change) {
  MongoSettings settings;
  settings.uri = "mongodb://localhost/";
  settings.database = "test";
  change(settings);
  try {
    const MongoSink sink(settings);
    return {};
  } catch (const millrace::ConfigException& error) {
    return error.what();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mongo_settings)

BOOST_AUTO_TEST_CASE(wrong_settings_are_told_without_secrets) {
  BOOST_TEST(complaint([](auto&) {}).empty());
  BOOST_TEST(complaint([](auto& s) { s.database = ""; }).find("database") != std::string::npos);
  BOOST_TEST(complaint([](auto& s) { s.uri = "mongodb://db.example/"; }).find("another machine") != std::string::npos);
  BOOST_TEST(complaint([](auto& s) {
               s.uri = "mongodb://db.example/";
               s.allow_plain = true;
             }).empty());
  BOOST_TEST(complaint([](auto& s) { s.uri = "mongodb://db.example/?tls=true"; }).empty());
  BOOST_TEST(complaint([](auto& s) { s.uri = "mongodb://127.0.0.1,db.example/"; }).find("db.example") !=
             std::string::npos);
  BOOST_TEST(complaint([](auto& s) { s.password = Secret("x"); }).find("no user") != std::string::npos);
  BOOST_TEST(complaint([](auto& s) { s.tombstone = MongoTombstone::remove; }).find("function") != std::string::npos);
  BOOST_TEST(complaint([](auto& s) { s.indexes = {{}}; }).find("fields") != std::string::npos);
  const auto bad = complaint([](auto& s) { s.uri = "mongodb://user:hidden%zz@localhost/"; });
  BOOST_TEST(bad.find("mongodb://user@host") != std::string::npos);
  BOOST_TEST(bad.find("hidden") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_have_no_password) {
  MongoSettings settings;
  settings.uri = "mongodb://user:hidden@localhost:27018/?appName=x";
  settings.database = "test";
  const MongoSink sink(settings);
  BOOST_TEST(sink.name().starts_with("MongoDB at mongodb://localhost:27018/"));
}

BOOST_AUTO_TEST_CASE(ids_from_keys) {
  millrace::ConsumerRecord record;
  BOOST_TEST(!mongo_id_from_key(record));
  record.key = "AAPL";
  BOOST_TEST(mongo_id_from_key(record).value() == "AAPL");
  record.key = "\xff";
  BOOST_TEST(!mongo_id_from_key(record));
}

BOOST_AUTO_TEST_SUITE_END()
