// SPDX-License-Identifier: Apache-2.0
#include "trades/finnhub/finnhub_handler.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "millrace/common/errors.hpp"
#include "millrace/serde/json.hpp"

namespace trades {
namespace {

using millrace::connect::SourceRecord;
using millrace::connect::WebSocketOutput;
namespace ondemand = simdjson::ondemand;

/// The longest symbol, in bytes.
constexpr std::size_t kLongestSymbol = 128;
/// How much of an unknown message a warning shows, in bytes.
constexpr std::size_t kShown = 200;

static_assert(millrace::connect::WebSocketHandler::kReadableBehind >= simdjson::SIMDJSON_PADDING);

/// A field of a trade, before it is checked.
struct RawTrade {
  std::optional<std::string_view> symbol;
  std::string_view price, volume, time;  ///< as the feed wrote them; empty: missing
  double price_value = 0, volume_value = 0;
  std::int64_t time_value = 0;
  std::string conditions = "[]";  ///< JSON; empty: of a wrong type
};

void append_json_string(std::string& out, std::string_view text) {
  const bool plain = std::ranges::none_of(text, [](char c) { return c == '"' || c == '\\' || (c >= 0 && c < ' '); });
  if (!plain) {
    out += millrace::to_json_string(std::string(text));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

/// Without the blanks behind a number.
std::string_view trimmed(std::string_view text) {
  const auto end = text.find_last_not_of(" \t\r\n");
  return end == std::string_view::npos ? std::string_view() : text.substr(0, end + 1);
}

/// The parts of a message, in whatever order they come.
struct RawMessage {
  std::optional<std::string_view> type, text;
  bool has_data = false;
};

}  // namespace

class FinnhubHandler::Parser {
 public:
  explicit Parser(const millrace::Clock& clock) : clock_(clock) {}

  void parse(std::string_view message, WebSocketOutput& out) {
    const auto before = out.records().size();
    latest_ = clock_.now() + kAhead.count();
    RawMessage parts;
    const auto error = fields(message, parts, out.records());
    const auto reject = [&](std::string why) {
      out.records().resize(before);  // what was read of a broken message cannot be trusted
      out.records().push_back({.value = std::string(message), .error = std::move(why)});
    };
    if (error == simdjson::INCORRECT_TYPE) return reject("the message is not a JSON object");
    if (error) {
      return reject(
          fmt::format("the message is not valid JSON: {}; its trades are skipped", simdjson::error_message(error)));
    }
    if (!parts.type) return reject("the message has no type");
    if (*parts.type == "trade") {
      if (!parts.has_data) reject("the message of type trade has no array 'data'");
      return;
    }
    out.records().resize(before);
    if (*parts.type == "ping") return;
    if (*parts.type == "error") {
      out.warn(fmt::format("the feed reports an error: {}", parts.text.value_or(message.substr(0, kShown))));
      return;
    }
    out.warn(fmt::format("the feed sent a message of the unknown type '{}', which is skipped: {}",
                         parts.type->substr(0, kShown), message.substr(0, kShown)));
  }

 private:
  simdjson::error_code fields(std::string_view message, RawMessage& parts, std::vector<SourceRecord>& records) {
    ondemand::document document;
    const simdjson::padded_string_view padded(message.data(), message.size(),
                                              message.size() + WebSocketHandler::kReadableBehind);
    if (auto error = parser_.iterate(padded).get(document)) return error;
    ondemand::object object;
    if (auto error = document.get_object().get(object)) return error;
    for (auto item : object) {
      ondemand::field field;
      if (auto error = std::move(item).get(field)) return error;
      std::string_view name;
      if (auto error = field.unescaped_key().get(name)) return error;
      auto value = field.value();
      simdjson::error_code error = simdjson::SUCCESS;
      if (name == "type") error = text(value, parts.type);
      if (name == "msg") error = text(value, parts.text);
      if (name == "data") error = trades(value, parts.has_data, records);
      if (error) return error;
    }
    return simdjson::SUCCESS;
  }

  /// Leaves `out` empty if the value is no string.
  static simdjson::error_code text(ondemand::value& value, std::optional<std::string_view>& out) {
    ondemand::json_type type{};
    if (auto error = value.type().get(type)) return error;
    if (type != ondemand::json_type::string) return simdjson::SUCCESS;
    std::string_view text;
    if (auto error = value.get_string().get(text)) return error;
    out = text;
    return simdjson::SUCCESS;
  }

  simdjson::error_code trades(ondemand::value& value, bool& is_array, std::vector<SourceRecord>& records) {
    ondemand::json_type type{};
    if (auto error = value.type().get(type)) return error;
    if (type != ondemand::json_type::array) return simdjson::SUCCESS;
    is_array = true;
    ondemand::array data;
    if (auto error = value.get_array().get(data)) return error;
    for (auto item : data) {
      ondemand::value element;
      if (auto error = std::move(item).get(element)) return error;
      if (auto error = trade(element, records)) return error;
    }
    return simdjson::SUCCESS;
  }

  simdjson::error_code trade(ondemand::value& element, std::vector<SourceRecord>& records) {
    ondemand::json_type type{};
    if (auto error = element.type().get(type)) return error;
    if (type != ondemand::json_type::object) {
      records.push_back({.value = std::string(trimmed(element.raw_json_token())),
                         .error = "an element of 'data' is not a JSON object"});
      return simdjson::SUCCESS;
    }
    ondemand::object object;
    if (auto error = element.get_object().get(object)) return error;
    RawTrade trade;
    for (auto item : object) {
      ondemand::field field;
      if (auto error = std::move(item).get(field)) return error;
      std::string_view name;
      if (auto error = field.unescaped_key().get(name)) return error;
      auto value = field.value();
      if (auto error = read(name, value, trade)) return error;
    }
    const auto why = problem(trade);
    SourceRecord& record = records.emplace_back();
    if (trade.symbol) record.key = std::string(*trade.symbol);
    if (!why.empty()) {
      std::string_view raw;
      if (auto error = object.reset().error()) return error;
      if (auto error = object.raw_json().get(raw)) return error;
      record.value = std::string(trimmed(raw));
      record.error = why;
      return simdjson::SUCCESS;
    }
    record.timestamp = trade.time_value;
    auto& out = record.value.emplace();
    out.reserve(96 + trade.symbol->size() + trade.conditions.size());
    out += R"({"symbol":)";
    append_json_string(out, *trade.symbol);
    out += R"(,"price":)";
    out += trade.price;
    out += R"(,"volume":)";
    out += trade.volume;
    out += R"(,"time":)";
    out += trade.time;
    out += R"(,"conditions":)";
    out += trade.conditions;
    out += '}';
    return simdjson::SUCCESS;
  }

  /// Reads a field of a trade. Returns an error only if the message is not JSON.
  static simdjson::error_code read(std::string_view name, ondemand::value& value, RawTrade& trade) {
    if (name.size() != 1) return simdjson::SUCCESS;
    ondemand::json_type type{};
    if (auto error = value.type().get(type)) return error;
    switch (name.front()) {
      case 's': return text(value, trade.symbol);
      case 'p': return number(value, type, trade.price, trade.price_value);
      case 'v': return number(value, type, trade.volume, trade.volume_value);
      case 't': {
        if (type != ondemand::json_type::number) return simdjson::SUCCESS;
        const auto raw = trimmed(value.raw_json_token());
        const auto error = value.get_int64().get(trade.time_value);
        if (!error) trade.time = raw;
        return simdjson::SUCCESS;
      }
      case 'c': return conditions(value, type, trade);
      default: return simdjson::SUCCESS;
    }
  }

  /// Leaves `raw` empty if the value is no number that a double can hold.
  static simdjson::error_code number(ondemand::value& value, ondemand::json_type type, std::string_view& raw,
                                     double& out) {
    if (type != ondemand::json_type::number) return simdjson::SUCCESS;
    const auto text = trimmed(value.raw_json_token());
    if (!value.get_double().get(out) && std::isfinite(out)) raw = text;
    return simdjson::SUCCESS;
  }

  /// Missing and null are no conditions.
  static simdjson::error_code conditions(ondemand::value& value, ondemand::json_type type, RawTrade& trade) {
    if (type == ondemand::json_type::null) return simdjson::SUCCESS;
    trade.conditions.clear();
    if (type != ondemand::json_type::array) return simdjson::SUCCESS;
    ondemand::array array;
    if (auto error = value.get_array().get(array)) return error;
    trade.conditions = "[";
    bool all_strings = true;
    for (auto item : array) {
      ondemand::value element;
      if (auto error = std::move(item).get(element)) return error;
      std::optional<std::string_view> code;
      if (auto error = text(element, code)) return error;
      all_strings = all_strings && code.has_value();
      if (!all_strings) continue;
      if (trade.conditions.size() > 1) trade.conditions += ',';
      append_json_string(trade.conditions, *code);
    }
    trade.conditions += ']';
    if (!all_strings) trade.conditions.clear();
    return simdjson::SUCCESS;
  }

  /// What is wrong with the trade; empty: nothing.
  [[nodiscard]] std::string problem(const RawTrade& trade) const {
    if (!trade.symbol) return "the trade has no symbol: 's' must be a string";
    if (trade.symbol->empty() || trade.symbol->size() > kLongestSymbol) {
      return fmt::format("the symbol of the trade must have 1 to {} bytes", kLongestSymbol);
    }
    if (trade.price.empty()) return "the trade has no price: 'p' must be a number that a double can hold";
    if (trade.price_value <= 0) return fmt::format("the price {} of the trade is not above 0", trade.price);
    if (trade.volume.empty()) return "the trade has no volume: 'v' must be a number that a double can hold";
    if (trade.volume_value < 0) return fmt::format("the volume {} of the trade is negative", trade.volume);
    if (trade.time.empty()) return "the trade has no time: 't' must be an integer, in milliseconds";
    if (trade.time_value < kEarliest) {
      return fmt::format("the time {} of the trade is before 1990; milliseconds are expected", trade.time);
    }
    if (trade.time_value > latest_) {
      return fmt::format("the time {} of the trade is more than an hour ahead of this machine's clock", trade.time);
    }
    if (trade.conditions.empty()) return "the conditions of the trade are no array of strings: 'c'";
    return {};
  }

  const millrace::Clock& clock_;
  millrace::Timestamp latest_ = 0;  ///< the latest time that is accepted now
  ondemand::parser parser_;
};

FinnhubHandler::FinnhubHandler(std::vector<std::string> symbols, const millrace::Clock& clock)
    : symbols_(std::move(symbols)), parser_(std::make_unique<Parser>(clock)) {}
FinnhubHandler::~FinnhubHandler() = default;

std::vector<std::string> FinnhubHandler::on_connect() {
  std::vector<std::string> messages;
  for (const auto& symbol : symbols_) {
    std::string message = R"({"type":"subscribe","symbol":)";
    append_json_string(message, symbol);
    messages.push_back(message + "}");
  }
  return messages;
}

void FinnhubHandler::on_message(std::string_view message, WebSocketOutput& out) { parser_->parse(message, out); }

std::vector<std::string> parse_symbols(const std::string& list) {
  std::vector<std::string> symbols;
  std::string_view rest = list;
  for (;;) {
    const auto comma = std::min(rest.find(','), rest.size());
    const auto symbol = rest.substr(0, comma);
    if (symbol.empty() || symbol.size() > kLongestSymbol) {
      throw millrace::ConfigException("--symbols must be a list such as AAPL,MSFT without empty entries, but is '" +
                                      list + "'");
    }
    symbols.emplace_back(symbol);
    if (comma == rest.size()) return symbols;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace trades
