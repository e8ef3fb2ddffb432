// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace buy_signals {

/// The address of a database, with the user: `mysql://user:password@host:port/database`.
struct DatabaseUrl {
  std::string user;
  std::string password;
  std::string host;
  std::uint16_t port = 3306;
  std::string database;

  /// `mysql://` and `mariadb://` mean the same. Reserved characters in names and passwords are written as %XX. A
  /// missing password is read from the environment variable MYSQL_PWD. Throws std::invalid_argument that says what is
  /// wrong.
  [[nodiscard]] static DatabaseUrl parse(std::string_view text);

  /// The URL without its password, for messages.
  [[nodiscard]] std::string str() const;
};

}  // namespace buy_signals
