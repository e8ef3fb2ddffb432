// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace buy_signals {

class Database;

/// The options of `price_ingest --polygon`.
struct PolygonArguments {
  std::string url;  ///< empty: the prices come from elsewhere
  std::vector<std::string> symbols;
  std::string from;  ///< YYYY-MM-DD
  std::string to;    ///< YYYY-MM-DD; empty: yesterday in UTC
  std::string api_key_file;
  std::string tls_ca;
  bool allow_plain = false;
};

/// Adds the options to the command line.
void add_polygon_options(CLI::App& cli, PolygonArguments& arguments);

/// Checks the options before anything is connected. Throws ConfigException.
void check_polygon(const PolygonArguments& arguments);

/// Stores the prices of each symbol, page by page. Goes on behind the last stored day of the symbol within the range.
/// Prints a line per symbol. Returns the exit code.
int ingest_polygon(const PolygonArguments& arguments, Database& database);

}  // namespace buy_signals
