// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/polygon/polygon_prices.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <variant>

#include "buy_signals/prices/price_check.hpp"
#include "millrace/common/logging.hpp"

namespace buy_signals {
namespace {

using millrace::LogLevel;
using nlohmann::json;

/// The service's largest page.
constexpr int kResultsPerPage = 50'000;
/// A page is asked for as often, if it is not JSON: the end may have been cut off.
constexpr int kAttempts = 3;
/// More pages for one symbol are an endless loop: each has at least one day.
constexpr int kMostPages = 100'000;
constexpr std::size_t kShown = 200;
constexpr std::int64_t kMsPerDay = 86'400'000;

/// The text of a member as check_price() wants it. Something else than a number or null keeps its JSON form, so that
/// the check refuses it.
std::optional<std::string> text_of(const json& result, const char* name) {
  const auto found = result.find(name);
  if (found == result.end() || found->is_null()) return std::nullopt;
  return found->dump(-1, ' ', false, json::error_handler_t::replace);
}

/// The day of a result. The service gives the midnight of New York in milliseconds, which is the same day in UTC.
std::optional<std::string> day_of(const json& result) {
  const auto found = result.find("t");
  if (found == result.end() || found->is_null()) return std::nullopt;
  // Beyond these years, days cannot be written YYYY-MM-DD.
  constexpr std::int64_t kLast = 253'402'300'799'999;
  if (!found->is_number_integer() || found->get<double>() > static_cast<double>(kLast) ||
      found->get<double>() < -static_cast<double>(kLast)) {
    return found->dump(-1, ' ', false, json::error_handler_t::replace);
  }
  const auto days = static_cast<int>(std::floor(static_cast<double>(found->get<std::int64_t>()) / kMsPerDay));
  return iso_date(std::chrono::sys_days{std::chrono::days{days}});
}

std::string shown(std::string_view text) {
  return json(text.substr(0, kShown)).dump(-1, ' ', true, json::error_handler_t::replace);
}

/// The page is not JSON.
struct NotJson {
  std::string why;
};

json parsed(std::string_view text) {
  // Hostile nesting would overflow the stack when the value is destroyed.
  constexpr int kDeepest = 32;
  bool deep = false;
  try {
    auto value = json::parse(text, [&](int depth, json::parse_event_t, json&) {
      deep = deep || depth > kDeepest;
      return !deep;
    });
    if (!deep) return value;
  } catch (const json::exception& error) {
    throw NotJson{error.what()};
  }
  throw NotJson{"it is nested too deeply"};
}

std::string string_or_empty(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

PolygonPage page_of(const json& response, const std::string& symbol, const std::string& place,
                    const RejectListener& rejects, std::chrono::sys_days today) {
  if (!response.is_object()) throw SourceError(place + ": the response is not a JSON object");
  const auto status = string_or_empty(response, "status");
  // DELAYED: the prices of the free plan, which are complete for past days.
  if (status != "OK" && status != "DELAYED") {
    throw SourceError(fmt::format("{}: the response has status {}, not OK: {}", place, shown(status),
                                  shown(string_or_empty(response, "error"))));
  }
  PolygonPage page;
  page.next_url = string_or_empty(response, "next_url");
  const auto results = response.find("results");
  // Without prices in the range, the service leaves the member out.
  if (results == response.end() || results->is_null()) return page;
  if (!results->is_array()) throw SourceError(place + ": the member 'results' of the response is not an array");
  for (const auto& result : *results) {
    ++page.results;
    std::string reason = "it is not a JSON object";
    if (result.is_object()) {
      const auto day = day_of(result);
      const auto open = text_of(result, "o");
      const auto high = text_of(result, "h");
      const auto low = text_of(result, "l");
      const auto close = text_of(result, "c");
      const auto volume = text_of(result, "v");
      auto checked = check_price({.symbol = symbol,
                                  .day = day,
                                  .open = open,
                                  .high = high,
                                  .low = low,
                                  .close = close,
                                  .volume = volume,
                                  .adjusted_close = std::nullopt},
                                 today);
      if (auto* row = std::get_if<PriceRow>(&checked)) {
        page.rows.push_back(std::move(*row));
        continue;
      }
      reason = std::get<Defect>(checked).reason;
    }
    if (rejects) rejects({fmt::format("{} result {} of {}", symbol, page.results, place), reason});
  }
  return page;
}

}  // namespace

PolygonPage parse_polygon_page(std::string_view text, const std::string& symbol, const std::string& place,
                               const RejectListener& rejects, std::chrono::sys_days today) {
  try {
    return page_of(parsed(text), symbol, place, rejects, today);
  } catch (const NotJson& error) {
    throw SourceError(
        fmt::format("{}: the response is not JSON: {}; it begins with {}", place, error.why, shown(text)));
  }
}

PolygonPrices::PolygonPrices(PolygonRequest request, millrace::connect::HttpSettings http, RejectListener rejects,
                             std::chrono::sys_days today)
    : request_(std::move(request)), client_(std::move(http)), rejects_(std::move(rejects)), today_(today) {
  while (request_.url.ends_with('/')) request_.url.pop_back();
}

void PolygonPrices::read(const std::string& symbol, std::chrono::sys_days from,
                         const std::function<void(const PolygonPage&)>& on_page) {
  auto url =
      fmt::format("{}/v2/aggs/ticker/{}/range/1/day/{}/{}?adjusted=false&sort=asc&limit={}", request_.url,
                  millrace::connect::url_encoded(symbol), iso_date(from), iso_date(request_.to), kResultsPerPage);
  for (int pages = 0;; ++pages) {
    auto page = fetch_page(symbol, url);
    std::erase_if(page.rows, [&](const PriceRow& row) {
      if (row.day >= from && row.day <= request_.to) return false;
      if (rejects_) rejects_({observation_id(row), "the day is outside of the range that was asked for"});
      return true;
    });
    on_page(page);
    if (page.next_url.empty()) return;
    // The key must not go to another server.
    if (!millrace::connect::same_server(page.next_url, request_.url)) {
      throw SourceError(fmt::format("{}: the next page is on another server, {}: not followed", request_.url,
                                    shown(millrace::connect::without_secrets(page.next_url))));
    }
    if (page.next_url == url || pages > kMostPages) {
      throw SourceError(fmt::format("{}: the pages of {} do not end", request_.url, symbol));
    }
    url = std::move(page.next_url);
  }
}

PolygonPage PolygonPrices::fetch_page(const std::string& symbol, const std::string& url) {
  const auto place = millrace::connect::without_secrets(url);
  for (int attempt = 1;; ++attempt) {
    const auto response = client_.fetch({.url = url, .bearer = request_.api_key});
    try {
      return page_of(parsed(response.body), symbol, place, rejects_, today_);
    } catch (const NotJson& error) {
      const auto text =
          fmt::format("{}: the response is not JSON: {}; it begins with {}", place, error.why, shown(response.body));
      if (attempt >= kAttempts) throw SourceError(text);
      millrace::log(LogLevel::warn, text + "; asking again");
    }
  }
}

}  // namespace buy_signals
