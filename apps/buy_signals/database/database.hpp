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

  /// MariaDB's error number.
  [[nodiscard]] unsigned code() const { return code_; }

 private:
  unsigned code_;
};

/// A connection to MariaDB or MySQL. Used by one thread. Throws DatabaseError.
///
/// A server that does not answer is tried again with growing pauses (0.1 s to 5 s, each failure logged) until
/// `patience` has passed or `pause` says to stop; a refusal (wrong password, no such database) is final at once.
/// A connection lost later is made anew in the same way and the statement sent again: statements must bear that.
class Database {
 public:
  Database(DatabaseUrl url, std::chrono::milliseconds patience, Pause pause = sleep_through);

  /// Runs a statement that returns no rows. Returns how many rows it affected.
  std::uint64_t execute(const std::string& sql);

  /// Runs a query whose result fits into memory; gives each row's fields as text (nullopt: NULL), valid during the
  /// call.
  using Row = std::vector<std::optional<std::string_view>>;
  void query(const std::string& sql, const std::function<void(const Row&)>& on_row);

  /// The text as an SQL literal, with quotes.
  [[nodiscard]] std::string quoted(std::string_view text);

  [[nodiscard]] const DatabaseUrl& url() const { return url_; }

 private:
  struct Close {
    void operator()(st_mysql* connection) const;
  };

  void connect();
  void try_connect(std::chrono::milliseconds remaining);
  void run(const std::string& sql);
  [[noreturn]] void fail();

  DatabaseUrl url_;
  std::chrono::milliseconds patience_;
  Pause pause_;
  std::unique_ptr<st_mysql, Close> connection_;
};

}  // namespace buy_signals
