// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "buy_signals/prices/price_source.hpp"
#include "millrace/http/http_client.hpp"

namespace buy_signals {

/// What to ask the service for.
struct PolygonRequest {
  std::string url = "https://api.polygon.io";  ///< without path
  millrace::connect::Secret api_key = {};
  std::chrono::sys_days from = {};
  std::chrono::sys_days to = {};  ///< inclusive
};

/// One page of a response, see parse_polygon_page().
struct PolygonPage {
  std::vector<PriceRow> rows;
  std::uint64_t results = 0;  ///< with those that were rejected
  std::string next_url;       ///< empty: the last page
};

/// Reads daily prices from polygon.io: the endpoint `/v2/aggs/ticker/{ticker}/range/1/day/{from}/{to}`, page by page.
/// Prices are those that were paid, not adjusted for splits. Used by one thread.
class PolygonPrices {
 public:
  PolygonPrices(PolygonRequest request, millrace::connect::HttpSettings http, RejectListener rejects,
                std::chrono::sys_days today);

  /// Gives each page of this symbol from `from` on to `on_page`, in the order of days. Throws SourceError if the
  /// service sends what cannot be understood, and what HttpClient::fetch() throws.
  void read(const std::string& symbol, std::chrono::sys_days from,
            const std::function<void(const PolygonPage&)>& on_page);

 private:
  PolygonPage fetch_page(const std::string& symbol, const std::string& url);

  PolygonRequest request_;
  millrace::connect::HttpClient client_;
  RejectListener rejects_;
  std::chrono::sys_days today_;
};

/// Reads a response. Results that fail check_price are reported with their place (`AAPL result 3 of URL`). Throws
/// SourceError if the text is not a response of the service.
[[nodiscard]] PolygonPage parse_polygon_page(std::string_view json, const std::string& symbol, const std::string& place,
                                             const RejectListener& rejects, std::chrono::sys_days today);

}  // namespace buy_signals
