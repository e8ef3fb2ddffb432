// SPDX-License-Identifier: Apache-2.0
#include "json_to_bson.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "common/visible.hpp"

namespace millrace::connect::detail {
namespace {

/// MongoDB's own limit for nested documents.
constexpr int kDeepest = 100;
/// Longer lists of names are compared after sorting.
constexpr std::size_t kFewNames = 16;
constexpr std::size_t kShown = 60;

/// What is wrong with a document. Never leaves this file.
struct Unusable {
  std::string why;
};

[[noreturn]] void refuse(std::string why) { throw Unusable{std::move(why)}; }

std::string shown(std::string_view name) { return "'" + millrace::detail::visible(name, kShown) + "'"; }

/// libbson takes lengths as int.
int length(std::string_view text) { return static_cast<int>(text.size()); }

void check(bool appended) {
  // libbson refuses to let a document grow beyond 2 GiB.
  if (!appended) refuse("the document is too large for BSON");
}

}  // namespace

class JsonToBson::Impl {
 public:
  explicit Impl(std::vector<std::string> dates) : dates_(std::move(dates)) {}

  std::string append(bson_t& document, std::string_view text, std::string_view reserved);

 private:
  using Object = simdjson::ondemand::object;
  using Value = simdjson::ondemand::value;

  void object(bson_t& out, Object in, int depth, std::string_view reserved);
  void array(bson_t& out, simdjson::ondemand::array in, int depth);
  void value(bson_t& out, std::string_view name, Value in, int depth);
  static void number(bson_t& out, std::string_view name, Value in);
  void date(bson_t& out, std::string_view name, Value in);

  std::vector<std::string> dates_;
  simdjson::ondemand::parser parser_;
  std::string buffer_;
  /// The names of the objects that are open, to find repeated ones.
  std::vector<std::string_view> names_;
};

JsonToBson::JsonToBson(std::vector<std::string> dates) : impl_(std::make_unique<Impl>(std::move(dates))) {}
JsonToBson::~JsonToBson() = default;
std::string JsonToBson::append(bson_t& document, std::string_view text, std::string_view reserved) {
  return impl_->append(document, text, reserved);
}

std::string JsonToBson::Impl::append(bson_t& document, std::string_view text, std::string_view reserved) {
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max() / 2;
  if (text.size() > kMost) return "the value is too large";
  // simdjson reads a little beyond the end.
  buffer_.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  buffer_.assign(text);
  names_.clear();
  try {
    simdjson::ondemand::document json = parser_.iterate(buffer_.data(), buffer_.size(), buffer_.capacity());
    if (json.type() != simdjson::ondemand::json_type::object) {
      return "the value is not a JSON object: only objects can be documents";
    }
    object(document, json.get_object(), 1, reserved);
    if (json.current_location().error() == simdjson::SUCCESS) return "the value has text behind the JSON object";
    return {};
  } catch (const Unusable& unusable) {
    return unusable.why;
  } catch (const simdjson::simdjson_error& error) {
    return std::string("the value is not valid JSON: ") + error.what();
  }
}

void JsonToBson::Impl::object(bson_t& out, Object in, int depth, std::string_view reserved) {
  if (depth > kDeepest) refuse("the value is nested deeper than 100 levels, MongoDB's limit");
  const auto first = names_.size();
  for (auto field : in) {
    const std::string_view name = field.unescaped_key();
    if (name.find('\0') != std::string_view::npos) refuse("the name " + shown(name) + " has a null character");
    const bool top = depth == 1;
    if (top && name == "_id") refuse("the value has a field _id, but the sink sets that one itself");
    if (top && !reserved.empty() && name == reserved) {
      refuse("the value has a field " + shown(name) + ", which the sink adds itself: choose another name there");
    }
    const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
    if (names_.size() - first < kFewNames && std::find(begin, names_.end(), name) != names_.end()) {
      refuse("the name " + shown(name) + " occurs twice in an object");
    }
    names_.push_back(name);
    if (top && std::ranges::find(dates_, name) != dates_.end()) {
      date(out, name, field.value());
    } else {
      value(out, name, field.value(), depth);
    }
  }
  const auto begin = names_.begin() + static_cast<std::ptrdiff_t>(first);
  if (names_.size() - first > kFewNames) {
    std::sort(begin, names_.end());
    const auto twice = std::adjacent_find(begin, names_.end());
    if (twice != names_.end()) refuse("the name " + shown(*twice) + " occurs twice in an object");
  }
  names_.resize(first);
}

void JsonToBson::Impl::array(bson_t& out, simdjson::ondemand::array in, int depth) {
  if (depth > kDeepest) refuse("the value is nested deeper than 100 levels, MongoDB's limit");
  std::uint32_t index = 0;
  for (auto item : in) {
    char buffer[16];
    const char* name = nullptr;
    const auto size = bson_uint32_to_string(index++, &name, buffer, sizeof buffer);
    value(out, {name, size}, item.value(), depth);
  }
}

void JsonToBson::Impl::value(bson_t& out, std::string_view name, Value in, int depth) {
  using simdjson::ondemand::json_type;
  switch (in.type()) {
    case json_type::object: {
      bson_t child;
      check(bson_append_document_begin(&out, name.data(), length(name), &child));
      object(child, in.get_object(), depth + 1, {});
      check(bson_append_document_end(&out, &child));
      break;
    }
    case json_type::array: {
      bson_t child;
      check(bson_append_array_begin(&out, name.data(), length(name), &child));
      array(child, in.get_array(), depth + 1);
      check(bson_append_array_end(&out, &child));
      break;
    }
    case json_type::string: {
      const std::string_view text = in.get_string();
      check(bson_append_utf8(&out, name.data(), length(name), text.data(), length(text)));
      break;
    }
    case json_type::number: number(out, name, in); break;
    case json_type::boolean: check(bson_append_bool(&out, name.data(), length(name), in.get_bool())); break;
    case json_type::null:
      if (!in.is_null()) refuse("the value is not valid JSON: something else than null begins with n");
      check(bson_append_null(&out, name.data(), length(name)));
      break;
    default: refuse("the value is not valid JSON");
  }
}

void JsonToBson::Impl::number(bson_t& out, std::string_view name, Value in) {
  std::string_view token = in.raw_json_token();
  // The token may have blanks behind it.
  token = token.substr(0, token.find_first_of(" \t\r\n"));
  if (token.find_first_of(".eE") == std::string_view::npos) {
    std::int64_t whole = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), whole);
    if (error == std::errc()) {
      // Checks the form as well, which from_chars does not: 007 is not JSON.
      check(bson_append_int64(&out, name.data(), length(name), in.get_int64()));
      return;
    }
    // Too large for an int64. A double keeps the size, though not every digit.
    double approximate = 0;
    const auto [last, wrong] = std::from_chars(token.data(), token.data() + token.size(), approximate);
    const auto digits = token.substr(token.starts_with('-') ? 1 : 0);
    if (wrong != std::errc() || last != token.data() + token.size() || digits.starts_with('0')) {
      refuse("the number " + shown(token) + " is not valid JSON, or too large");
    }
    check(bson_append_double(&out, name.data(), length(name), approximate));
    // The iterator must pass the token.
    (void)in.get_double().error();
    return;
  }
  const double real = in.get_double();
  if (!std::isfinite(real)) refuse("the number " + shown(token) + " is too large for a double");
  check(bson_append_double(&out, name.data(), length(name), real));
}

void JsonToBson::Impl::date(bson_t& out, std::string_view name, Value in) {
  std::int64_t time = 0;
  if (in.type() == simdjson::ondemand::json_type::null) {
    value(out, name, in, 1);
    return;
  }
  if (in.get_int64().get(time) != simdjson::SUCCESS) {
    refuse("the field " + shown(name) + " must be a date, as whole milliseconds since 1970");
  }
  check(bson_append_date_time(&out, name.data(), length(name), time));
}

}  // namespace millrace::connect::detail
