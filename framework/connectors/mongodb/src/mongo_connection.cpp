// SPDX-License-Identifier: Apache-2.0
#include "mongo_connection.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include "common/log_seldom.hpp"
#include "common/visible.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::connect::detail {
namespace {

constexpr std::int32_t kConnectTimeoutMs = 10'000;
/// Also the longest time that a wish to end the program may have to wait.
constexpr std::int32_t kAnswerTimeoutMs = 20'000;
constexpr std::int32_t kUnauthorized = 13;
constexpr std::int32_t kAuthenticationFailed = 18;
/// Errors after which the same command may succeed: the retryable ones of MongoDB's specification for drivers, and what
/// ends a wait.
constexpr std::array<std::int64_t, 22> kPassing{6,   7,   24,  50,  63,   64,    89,    91,    112,   133,   134,
                                                189, 262, 317, 358, 9001, 10107, 11600, 11602, 13388, 13435, 13436};

void log_of_library(mongoc_log_level_t level, const char* domain, const char* message, void* /*user*/) {
  if (level > MONGOC_LOG_LEVEL_WARNING) return;
  // Some servers have no sessions that could be ended, and FerretDB does not know the command.
  if (std::string_view(message).find("endSessions") != std::string_view::npos) return;
  const std::string text = std::string(domain) + ": " + millrace::detail::visible(message);
  millrace::detail::log_seldom(level == MONGOC_LOG_LEVEL_WARNING ? LogLevel::warn : LogLevel::error,
                               "mongodb " + text.substr(0, 40), text);
}

/// libmongoc wants this once per process, and has nothing to undo at its end.
void start_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    mongoc_log_set_handler(log_of_library, nullptr);
    mongoc_init();
  });
}

bool is_local(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" || host.starts_with('/');
}

void set_default(mongoc_uri_t& uri, const char* option, std::int32_t value) {
  if (!mongoc_uri_has_option(&uri, option)) mongoc_uri_set_option_as_int32(&uri, option, value);
}

}  // namespace

MongoUri make_uri(const MongoSettings& settings) {
  start_library();
  bson_error_t error{};
  MongoUri uri(mongoc_uri_new_with_error(settings.uri.c_str(), &error));
  // The library's text repeats parts of the URI, which may have a password.
  if (!uri) {
    throw ConfigException("the address of the MongoDB server, '" + without_secrets(settings.uri) +
                          "', cannot be used: it must have the form mongodb://user@host:port/?option=value, with "
                          "reserved characters as %XX");
  }
  if (settings.password) {
    if (mongoc_uri_get_username(uri.get()) == nullptr) {
      throw ConfigException("there is a password for the MongoDB server " + without_secrets(settings.uri) +
                            ", but no user: write mongodb://USER@host");
    }
    mongoc_uri_set_password(uri.get(), settings.password->reveal().c_str());
  }
  if (!settings.tls_ca.empty()) {
    if (!std::filesystem::exists(settings.tls_ca)) {
      throw ConfigException("the file '" + settings.tls_ca.string() + "' with the certificates does not exist");
    }
    mongoc_uri_set_option_as_bool(uri.get(), MONGOC_URI_TLS, true);
    mongoc_uri_set_option_as_utf8(uri.get(), MONGOC_URI_TLSCAFILE, settings.tls_ca.c_str());
  }
  if (!settings.allow_plain && !mongoc_uri_get_tls(uri.get())) {
    for (const auto* host = mongoc_uri_get_hosts(uri.get()); host != nullptr; host = host->next) {
      if (is_local(host->host)) continue;
      throw ConfigException("the MongoDB server '" + std::string(host->host) +
                            "' is on another machine: add tls=true to its address, or permit a connection that others "
                            "can read with --allow-plain");
    }
  }
  set_default(*uri, MONGOC_URI_CONNECTTIMEOUTMS, kConnectTimeoutMs);
  set_default(*uri, MONGOC_URI_SOCKETTIMEOUTMS, kAnswerTimeoutMs);
  mongoc_uri_set_appname(uri.get(), "millrace");
  if (!mongoc_uri_has_option(uri.get(), MONGOC_URI_W)) {
    mongoc_uri_set_option_as_utf8(uri.get(), MONGOC_URI_W, "majority");
  }
  return uri;
}

MongoClient connect(const mongoc_uri_t& uri, const MongoSettings& settings) {
  bson_error_t error{};
  MongoClient client(mongoc_client_new_from_uri_with_error(&uri, &error));
  if (!client) throw ConfigException("MongoDB: " + std::string(error.message));
  mongoc_client_set_error_api(client.get(), MONGOC_ERROR_API_VERSION_2);
  // The first command connects. One that reads the database also finds a user without rights.
  Document command;
  bson_append_int32(command.get(), "ping", -1, 1);
  if (!mongoc_client_command_simple(client.get(), settings.database.c_str(), command.get(), nullptr, nullptr, &error)) {
    throw_error(error, "cannot connect");
  }
  return client;
}

MongoLimits limits_of(mongoc_client_t& client) {
  // FerretDB 1.24 keeps a connection to SQLite for each update of a command, has 100 of them, and hangs if it needs
  // more.
  constexpr MongoLimits kFerretDb{.replacements = 50};
  constexpr MongoLimits kMongoDb{.replacements = 100'000};
  Document command;
  bson_append_int32(command.get(), "buildInfo", -1, 1);
  Document reply;
  bson_destroy(reply.get());
  bson_error_t error{};
  if (!mongoc_client_command_simple(&client, "admin", command.get(), nullptr, reply.get(), &error)) {
    throw_error(error, "cannot ask the server for its version");
  }
  bson_iter_t found;
  return bson_iter_init_find(&found, reply.get(), "ferretdbVersion") ? kFerretDb : kMongoDb;
}

void create_index(mongoc_client_t& client, const std::string& database, const MongoIndex& index) {
  std::string name;
  Document command;
  bson_append_utf8(command.get(), "createIndexes", -1, index.collection.c_str(), -1);
  bson_t list;
  bson_t spec;
  bson_t keys;
  bson_append_array_begin(command.get(), "indexes", -1, &list);
  bson_append_document_begin(&list, "0", 1, &spec);
  bson_append_document_begin(&spec, "key", -1, &keys);
  for (const auto& field : index.fields) {
    const bool descending = field.starts_with('-');
    const auto plain = field.substr(descending ? 1 : 0);
    bson_append_int32(&keys, plain.c_str(), -1, descending ? -1 : 1);
    // The name that MongoDB's shell would give.
    name += (name.empty() ? "" : "_") + plain + (descending ? "_-1" : "_1");
  }
  bson_append_document_end(&spec, &keys);
  bson_append_utf8(&spec, "name", -1, name.c_str(), -1);
  if (index.unique) bson_append_bool(&spec, "unique", -1, true);
  bson_append_document_end(&list, &spec);
  bson_append_array_end(command.get(), &list);
  bson_error_t error{};
  if (!mongoc_client_write_command_with_opts(&client, database.c_str(), command.get(), nullptr, nullptr, &error)) {
    // A FerretDB that was killed while it made the index has it in SQLite, but not in its own list.
    if (std::string_view(error.message).find("already exists") != std::string_view::npos) {
      log(LogLevel::warn, "the index " + name + " of collection '" + index.collection +
                              "' exists in another form, and stays as it is: " + error.message);
      return;
    }
    throw_error(error, "cannot make the index " + name + " of collection '" + index.collection + "'");
  }
}

bool is_passing(std::int64_t code) { return std::ranges::find(kPassing, code) != kPassing.end(); }

bool is_general(const bson_error_t& error) {
  switch (error.domain) {
    case MONGOC_ERROR_STREAM:
    case MONGOC_ERROR_SERVER_SELECTION:
    case MONGOC_ERROR_PROTOCOL:
    case MONGOC_ERROR_WRITE_CONCERN:
    case MONGOC_ERROR_SASL:
    case MONGOC_ERROR_SCRAM: return true;
    case MONGOC_ERROR_CLIENT: return error.code != MONGOC_ERROR_CLIENT_TOO_BIG;
    default: return is_passing(error.code) || error.code == kUnauthorized || error.code == kAuthenticationFailed;
  }
}

void throw_error(const bson_error_t& error, const std::string& action) {
  const auto text = action + ": " + millrace::detail::visible(error.message);
  const bool refused_user =
      (error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) ||
      error.domain == MONGOC_ERROR_SCRAM || error.domain == MONGOC_ERROR_SASL ||
      (error.domain == MONGOC_ERROR_SERVER && (error.code == kUnauthorized || error.code == kAuthenticationFailed));
  // libmongoc reports a connection that was cut during the authentication under the same code. Only its text tells.
  const bool cut = std::string_view(error.message).find("socket error or timeout") != std::string_view::npos;
  if (cut) throw RetriableException(text);
  if (refused_user) throw StreamsException(text + ": check user, password and rights");
  if (is_general(error)) throw RetriableException(text);
  throw StreamsException(text);
}

}  // namespace millrace::connect::detail
