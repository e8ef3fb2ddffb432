// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/database/database.hpp"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysql.h>
#include <mysqld_error.h>

#include <algorithm>

#include "millrace/common/logging.hpp"

namespace buy_signals {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// The pause between attempts doubles each time.
constexpr auto kFirstPause = 100ms;
constexpr auto kLongestPause = 5s;

/// True if the server cannot be reached now but may be reachable later.
bool is_unreachable(unsigned code) {
  switch (code) {
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case ER_CON_COUNT_ERROR:
    case ER_SERVER_SHUTDOWN: return true;
    default: return false;
  }
}

}  // namespace

void Database::Close::operator()(st_mysql* connection) const { mysql_close(connection); }

Database::Database(DatabaseUrl url, std::chrono::milliseconds patience, Pause pause)
    : url_(std::move(url)), patience_(patience), pause_(std::move(pause)) {
  connect();
}

void Database::connect() {
  const auto deadline = steady_clock::now() + patience_;
  for (std::chrono::milliseconds wait = kFirstPause;;
       wait = std::min<std::chrono::milliseconds>(wait * 2, kLongestPause)) {
    const auto left = [&] { return std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()); };
    try {
      return try_connect(left());
    } catch (const DatabaseError& error) {
      if (!is_unreachable(error.code())) throw;
      if (left() <= 0ms) {
        throw DatabaseError(error.code(),
                            fmt::format("{}; gave up after {} s", error.what(), patience_.count() / 1000.0));
      }
      wait = std::min(wait, left());
      millrace::log(millrace::LogLevel::warn, fmt::format("{}; next try in {} ms, giving up in {:.0f} s", error.what(),
                                                          wait.count(), static_cast<double>(left().count()) / 1000.0));
      // Told to stop: throw the last error.
      if (pause_(wait)) throw;
    }
  }
}

void Database::try_connect(std::chrono::milliseconds remaining) {
  connection_.reset(mysql_init(nullptr));
  if (!connection_) throw std::bad_alloc();
  // One attempt takes 1 s to 10 s, so that a dead server does not use up the whole time in one attempt.
  const auto seconds = static_cast<unsigned>(
      std::clamp<std::chrono::seconds>(std::chrono::ceil<std::chrono::seconds>(remaining), 1s, 10s).count());
  // Without this, the client takes "localhost" for a socket file and ignores the port.
  const unsigned protocol = MYSQL_PROTOCOL_TCP;
  mysql_options(connection_.get(), MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
  mysql_options(connection_.get(), MYSQL_OPT_PROTOCOL, &protocol);
  mysql_options(connection_.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  if (mysql_real_connect(connection_.get(), url_.host.c_str(), url_.user.c_str(), url_.password.c_str(),
                         url_.database.c_str(), url_.port, nullptr, 0) == nullptr) {
    fail();
  }
}

std::uint64_t Database::execute(const std::string& sql) {
  run(sql);
  return mysql_affected_rows(connection_.get());
}

void Database::query(const std::string& sql, const std::function<void(const Row&)>& on_row) {
  run(sql);
  const std::unique_ptr<MYSQL_RES, void (*)(MYSQL_RES*)> result{mysql_store_result(connection_.get()),
                                                                &mysql_free_result};
  if (!result) fail();
  Row fields(mysql_num_fields(result.get()));
  while (MYSQL_ROW row = mysql_fetch_row(result.get())) {
    const unsigned long* sizes = mysql_fetch_lengths(result.get());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      fields[i] = row[i] == nullptr ? std::nullopt : std::optional{std::string_view{row[i], sizes[i]}};
    }
    on_row(fields);
  }
}

void Database::run(const std::string& sql) {
  if (connection_ && mysql_real_query(connection_.get(), sql.data(), sql.size()) == 0) return;
  if (connection_ && !is_unreachable(mysql_errno(connection_.get()))) fail();
  millrace::log(millrace::LogLevel::warn, fmt::format("the connection to {} was lost; connecting again", url_.str()));
  connect();
  if (mysql_real_query(connection_.get(), sql.data(), sql.size()) != 0) fail();
}

std::string Database::quoted(std::string_view text) {
  std::string literal(text.size() * 2 + 3, '\'');
  const auto size = mysql_real_escape_string(connection_.get(), literal.data() + 1, text.data(), text.size());
  literal.resize(size + 1);
  return literal += '\'';
}

void Database::fail() {
  const unsigned code = mysql_errno(connection_.get());
  throw DatabaseError(code, fmt::format("{}: {} (error {})", url_.str(), mysql_error(connection_.get()), code));
}

}  // namespace buy_signals
