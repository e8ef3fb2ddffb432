// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "buy_signals/database/database_url.hpp"
#include "buy_signals/pause.hpp"

struct st_mysql;

namespace buy_signals {

/// The database refused a statement or cannot be reached. The text names the database and the server's reason.
class DatabaseError : public std::runtime_error {
 public:
  DatabaseError(unsigned code, const std::string& what) : std::runtime_error(what), code_(code) {}

  /// The error number of MariaDB.
  [[nodiscard]] unsigned code() const { return code_; }

 private:
  unsigned code_;
};

/// A connection to MariaDB or MySQL. Throws DatabaseError. Used by one thread.
///
/// If the server does not answer, the class retries with growing pauses (0.1 s to 5 s) and logs each failure. It gives
/// up after `patience`, or when `pause` says to stop. A refusal (wrong password, no such database) is not retried. If a
/// connection is lost later, the class connects again in the same way and repeats the statement. So a statement may run
/// twice, and callers must allow for that.
class Database {
 public:
  Database(DatabaseUrl url, std::chrono::milliseconds patience, Pause pause = sleep_through);

  /// Runs a statement that returns no rows. Returns the number of affected rows.
  std::uint64_t execute(const std::string& sql);

  /// Runs a query and calls `on_row` for each row. The result must fit into memory. The fields are text (nullopt: NULL)
  /// and are valid during the call only.
  using Row = std::vector<std::optional<std::string_view>>;
  void query(const std::string& sql, const std::function<void(const Row&)>& on_row);

  /// The text as an SQL literal, with quotes.
  [[nodiscard]] std::string quoted(std::string_view text);

  [[nodiscard]] const DatabaseUrl& url() const { return url_; }

 private:
  struct Close {
    void operator()(st_mysql* connection) const;
  };

  /// Connects, with retries.
  void connect();
  /// One attempt to connect. `remaining` bounds its time.
  void try_connect(std::chrono::milliseconds remaining);
  /// Runs a statement. Connects again once if the connection is lost.
  void run(const std::string& sql);
  /// Throws the connection's last error.
  [[noreturn]] void fail();

  DatabaseUrl url_;
  std::chrono::milliseconds patience_;
  Pause pause_;
  std::unique_ptr<st_mysql, Close> connection_;
};

}  // namespace buy_signals
