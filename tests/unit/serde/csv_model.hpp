// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "millrace/serde/csv.hpp"

// The declared types shared by the CSV tests.
namespace csv_model {

enum class Side { buy, sell };
MILLRACE_JSON_ENUM(Side, buy, (sell, "SELL"))

/// A type with a codec of the user: one text.
struct Day {
  int month = 0;
  int day = 0;
  bool operator==(const Day&) const = default;
};

/// All kinds of members. Every one may be null.
struct Row {
  std::optional<std::string> text;
  std::optional<std::int64_t> whole;
  std::optional<double> number;
  std::optional<float> small;
  std::optional<bool> flag;
  std::optional<Side> side;
  std::optional<Day> day;
  std::optional<std::uint8_t> byte;
  bool operator==(const Row&) const = default;
};

struct Pair {
  std::optional<std::string> a;
  std::optional<std::string> b;
  bool operator==(const Pair&) const = default;
};
MILLRACE_JSON(Pair, a, b)

struct Single {
  std::optional<std::string> a;
  bool operator==(const Single&) const = default;
};
MILLRACE_JSON(Single, a)

struct Order {
  std::string id;
  double price = 0;
  std::optional<std::string> note = {};
  int retries = 3;
  std::string tag = "none";
  std::string comment = {};
  bool operator==(const Order&) const = default;
};
MILLRACE_JSON(Order, (id, "ID"), price, note, (retries, defaulted), (tag, defaulted), (comment, defaulted))

struct Numbers {
  double d = 0;
  float f = 0;
};
MILLRACE_JSON(Numbers, d, f)

/// Not declared: its fields are found.
struct Plain {
  std::string id;
  std::optional<Side> side = {};
  double price = 0;
  bool operator==(const Plain&) const = default;
};

struct Child : Plain {
  int number = 0;
};
MILLRACE_JSON(Child, number, inherits(Plain))

struct Lenient {
  std::string id;
  int count = 7;
  std::optional<std::string> note = {};
  std::string tag = {};
  bool operator==(const Lenient&) const = default;
};
MILLRACE_JSON(Lenient, lenient, write_nulls, (id, required), count, (note, "Note", required), tag)

}  // namespace csv_model

template <>
struct millrace::JsonCodec<csv_model::Day> {
  static void read(JsonReader& in, csv_model::Day& out) {
    std::string text;
    in.read(text);
    if (text.size() != 4 || text.find_first_not_of("0123456789") != std::string::npos) in.fail("expected MMDD");
    out = {std::stoi(text.substr(0, 2)), std::stoi(text.substr(2))};
  }
  static void write(JsonWriter& out, const csv_model::Day& day) {
    out.write(std::to_string(day.month / 10) + std::to_string(day.month % 10) + std::to_string(day.day / 10) +
              std::to_string(day.day % 10));
  }
};

namespace csv_model {
MILLRACE_JSON(Row, text, whole, number, small, flag, side, day, byte)
}
