// SPDX-License-Identifier: Apache-2.0
#include "topics/input.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <istream>
#include <stdexcept>

#include "millrace/app/detail/utc_text.hpp"
#include "millrace/common/errors.hpp"
#include "topics/condition.hpp"
#include "topics/csv_rows.hpp"

namespace topics {
namespace {

using millrace::StreamsException;

[[noreturn]] void fail(std::uint64_t line, const std::string& why) {
  throw StreamsException(fmt::format("line {} {}", line, why));
}

/// The beginning of a long text, for messages.
std::string beginning(const std::string& text) {
  constexpr std::size_t kLongest = 200;
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
}

Json parsed(const std::string& text, std::uint64_t line) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    fail(line, fmt::format("is not JSON: {}: {}", error.what(), beginning(text)));
  }
}

/// The text of a member of a JSON object, as it is written there: numbers keep all their digits. REQUIRES: `object` is
/// valid JSON and has the member.
std::string raw_member(const std::string& object, const char* name, std::uint64_t line) {
  simdjson::ondemand::parser parser;
  const simdjson::padded_string padded(object);
  simdjson::ondemand::document document;
  simdjson::ondemand::value member;
  std::string_view raw;
  auto error = parser.iterate(padded).get(document);
  if (!error) error = document.find_field_unordered(name).get(member);
  if (!error) {
    raw = member.raw_json_token();
    if (raw.front() == '{') {
      simdjson::ondemand::object inner;
      error = member.get_object().get(inner);
      if (!error) error = inner.raw_json().get(raw);
    } else if (raw.front() == '[') {
      simdjson::ondemand::array inner;
      error = member.get_array().get(inner);
      if (!error) error = inner.raw_json().get(raw);
    }
  }
  if (error) fail(line, fmt::format("has a '{}' that cannot be read: {}", name, simdjson::error_message(error)));
  // A token ends with the blanks behind it.
  return std::string(raw.substr(0, raw.find_last_not_of(" \t") + 1));
}

/// Finds key and time of a record in its value.
class Fields {
 public:
  explicit Fields(const InputOptions& options) : key_(options.key_field), timestamp_(options.timestamp_field) {}

  [[nodiscard]] bool wanted() const { return key_ || timestamp_; }

  void fill(InputRecord& record, const Json& value, std::uint64_t line) const {
    if (key_) {
      const auto& field = required(value, *key_, "--key-field", line);
      // Other numbers and objects have no text of their own that equal keys share.
      if (!field.is_null() && !field.is_string() && !field.is_number_integer() && !field.is_boolean()) {
        fail(line, fmt::format("has {} in field '{}' (--key-field); a key is a string, an integer, a boolean or null",
                               beginning(field.dump()), *key_));
      }
      // A null field gives a null key.
      if (!field.is_null()) record.key = field.is_string() ? field.get<std::string>() : field.dump();
    }
    if (timestamp_) record.timestamp = time(required(value, *timestamp_, "--timestamp-field", line), line);
  }

 private:
  static const Json& required(const Json& value, const std::string& path, const char* option, std::uint64_t line) {
    if (const auto* found = find_field(value, path)) return *found;
    fail(line, fmt::format("has no field '{}' ({}): {}", path, option, beginning(value.dump())));
  }

  millrace::Timestamp time(const Json& field, std::uint64_t line) const {
    std::optional<millrace::Timestamp> time;
    if (field.is_number_integer() && field <= INT64_MAX) time = field.get<std::int64_t>();
    if (field.is_string()) time = millrace::detail::parse_utc(field.get<std::string>());
    if (time && *time >= 0) return *time;
    fail(line, fmt::format(
                   "has {} in field '{}' (--timestamp-field); it needs milliseconds since 1970, or a time in UTC such "
                   "as 2012-01-03 or 2012-01-03T15:30:00.250Z",
                   beginning(field.dump()), *timestamp_));
  }

  std::optional<std::string> key_;
  std::optional<std::string> timestamp_;
};

class Lines final : public Input {
 public:
  Lines(const InputOptions& options, std::istream& text)
      : separator_(options.key_separator), null_value_(options.null_value), text_(text) {}

  bool next(InputRecord& record) override {
    std::string line;
    if (!std::getline(text_, line)) return false;
    ++line_;
    record = {};
    if (separator_) {
      const auto end = line.find(*separator_);
      if (end == std::string::npos) {
        fail(line_, fmt::format("has no '{}' between key and value: {}", *separator_, beginning(line)));
      }
      record.key = line.substr(0, end);
      line.erase(0, end + separator_->size());
    }
    if (line != null_value_) record.value = std::move(line);
    return true;
  }

 private:
  const std::optional<std::string> separator_;
  const std::optional<std::string> null_value_;
  std::istream& text_;
  std::uint64_t line_ = 0;
};

/// A base of the formats with one JSON value a line. Blank lines are skipped.
class JsonLines : public Input {
 public:
  explicit JsonLines(std::istream& text) : text_(text) {}

  bool next(InputRecord& record) final {
    std::string line;
    do {
      if (!std::getline(text_, line)) return false;
      ++line_;
      if (line.ends_with('\r')) line.pop_back();
    } while (line.find_first_not_of(" \t") == std::string::npos);
    record = {};
    read(record, std::move(line), line_);
    return true;
  }

 protected:
  virtual void read(InputRecord& record, std::string line, std::uint64_t number) = 0;

 private:
  std::istream& text_;
  std::uint64_t line_ = 0;
};

class JsonValues final : public JsonLines {
 public:
  JsonValues(const InputOptions& options, std::istream& text)
      : JsonLines(text), fields_(options), null_value_(options.null_value) {}

 private:
  void read(InputRecord& record, std::string line, std::uint64_t number) override {
    if (line == null_value_) {
      // A null value has no fields, so the record would have no key, and would delete nothing.
      if (fields_.wanted()) {
        fail(number,
             fmt::format("is '{}' (--null-value), which has no fields for --key-field or --timestamp-field; give "
                         "tombstones with --format records",
                         line));
      }
      return;
    }
    fields_.fill(record, parsed(line, number), number);
    record.value = std::move(line);
  }

  const Fields fields_;
  const std::optional<std::string> null_value_;
};

class Records final : public JsonLines {
 public:
  using JsonLines::JsonLines;

 private:
  void read(InputRecord& record, std::string line, std::uint64_t number) override {
    static constexpr std::array<std::string_view, 8> kMembers = {"topic", "partition", "offset",  "timestamp",
                                                                 "key",   "value",     "headers", "errors"};
    const auto json = parsed(line, number);
    if (!json.is_object()) fail(number, "is no JSON object: " + beginning(line));
    for (const auto& member : json.items()) {
      if (std::ranges::find(kMembers, member.key()) == kMembers.end()) {
        fail(number, fmt::format("has the member '{}'; the members of a record are {}", member.key(),
                                 fmt::join(kMembers, ", ")));
      }
    }
    if (!json.contains("value")) fail(number, "has no member 'value': " + beginning(line));
    record.value = bytes(json.at("value"), line, "value", number);
    if (json.contains("key")) record.key = bytes(json.at("key"), line, "key", number);
    if (json.contains("timestamp")) {
      const auto& time = json.at("timestamp");
      if (!time.is_number_integer() || time > INT64_MAX || time < -1) {
        fail(number, fmt::format("has the timestamp {}; it needs milliseconds since 1970, or -1 for the present time",
                                 time.dump()));
      }
      if (time >= 0) record.timestamp = time.get<std::int64_t>();
    }
    if (!json.contains("headers")) return;
    const auto& headers = json.at("headers");
    const auto is_text = [](const Json& json) { return json.is_string() || is_hex(json); };
    const auto is_header = [&](const Json& header) {
      return header.is_object() && header.size() == 2 && header.contains("key") && is_text(header.at("key")) &&
             header.contains("value") && (header.at("value").is_null() || is_text(header.at("value")));
    };
    if (!headers.is_array() || !std::ranges::all_of(headers, is_header)) {
      fail(number, fmt::format(R"(has the headers {}; it needs a list such as [{{"key":"a","value":"1"}}])",
                               beginning(headers.dump())));
    }
    for (const auto& header : headers) {
      record.headers.add(*text(header.at("key"), number), text(header.at("value"), number));
    }
  }

  /// Whether this is what `topics cat` prints for bytes that are not UTF-8: {"hex": "00ff"}.
  static bool is_hex(const Json& json) {
    return json.is_object() && json.size() == 1 && json.contains("hex") && json.at("hex").is_string();
  }

  /// The bytes that `topics cat` shows as this member of the line.
  static std::optional<std::string> bytes(const Json& shown, const std::string& line, const char* member,
                                          std::uint64_t number) {
    if (shown.is_null() || shown.is_string() || is_hex(shown)) return text(shown, number);
    return raw_member(line, member, number);
  }

  /// The bytes of null, a string or hex.
  static std::optional<std::string> text(const Json& shown, std::uint64_t line) {
    if (shown.is_null()) return std::nullopt;
    if (shown.is_string()) return shown.get<std::string>();
    const auto& hex = shown.at("hex").get_ref<const std::string&>();
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      const auto high = kDigits.find(hex[i]);
      const auto low = i + 1 < hex.size() ? kDigits.find(hex[i + 1]) : std::string_view::npos;
      if (high == std::string_view::npos || low == std::string_view::npos) {
        fail(line, "has hex that is not pairs of the digits 0-9 and a-f: " + beginning(hex));
      }
      bytes += static_cast<char>(high << 4 | low);
    }
    return bytes;
  }
};

class Csv final : public Input {
 public:
  Csv(const InputOptions& options, std::istream& text)
      : fields_(options), null_value_(options.null_value), rows_(text) {}

  bool next(InputRecord& record) override {
    if (!rows_.next()) return false;
    record = {};
    record.value = rows_.json_object(null_value_);
    if (fields_.wanted()) fields_.fill(record, parsed(*record.value, rows_.line()), rows_.line());
    return true;
  }

 private:
  const Fields fields_;
  const std::optional<std::string> null_value_;
  CsvRows rows_;
};

/// Throws std::invalid_argument if the option is given.
void refuse(bool given, const char* option, const char* formats) {
  if (given) throw std::invalid_argument(fmt::format("{} belongs to {}", option, formats));
}

}  // namespace

std::unique_ptr<Input> make_input(const InputOptions& options, std::istream& text) {
  using enum InputFormat;
  const bool objects = options.format == json || options.format == csv;
  refuse(options.key_separator && options.format != lines, "--key-separator", "--format lines");
  refuse(options.key_separator == "", "an empty --key-separator", "no format; give a text");
  refuse(options.key_field && !objects, "--key-field", "--format json and --format csv");
  refuse(options.timestamp_field && !objects, "--timestamp-field", "--format json and --format csv");
  refuse(options.null_value && options.format == records, "--null-value",
         "the other formats; in --format records, a value may be null");
  switch (options.format) {
    case lines: return std::make_unique<Lines>(options, text);
    case json: return std::make_unique<JsonValues>(options, text);
    case records: return std::make_unique<Records>(text);
    case csv: return std::make_unique<Csv>(options, text);
  }
  throw std::logic_error("unknown InputFormat");
}

}  // namespace topics
