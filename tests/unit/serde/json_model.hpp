// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "millrace/serde/json.hpp"

// The declared types shared by the JSON tests.
namespace shop {

enum class Side { buy, sell, hold };
MILLRACE_JSON_ENUM(Side, buy, (sell, "SELL"))

struct Variation {
  std::string id;
  double variation_ex = 0;
  double variation_in = 0;
  bool operator==(const Variation&) const = default;
};
MILLRACE_JSON(Variation, id, variation_ex, variation_in)

struct Buy {
  std::string a_id;
  bool operator==(const Buy&) const = default;
};
MILLRACE_JSON(Buy, (a_id, "A_ID"))

struct Leg {
  double price = 0;
  std::int32_t count = 1;
  std::optional<std::string> venue;
  bool operator==(const Leg&) const = default;
};
MILLRACE_JSON(Leg, price, (count, defaulted), venue)

struct Base {
  std::string origin;
};

struct Order : Base {
  std::string id;
  bool urgent = false;
  std::vector<Leg> legs;
  std::map<std::string, double> weights;
  std::unordered_map<std::string, std::vector<int>> groups;
  std::array<std::string, 2> pair;
  Side side = Side::buy;
  std::optional<Leg> hedge;
  Leg first{1.5, 7, "X"};
  std::vector<bool> flags;
  std::vector<std::optional<int>> gaps;
};
MILLRACE_JSON(Order, origin, id, urgent, legs, weights, groups, pair, (side, "SIDE", defaulted), hedge,
              (first, defaulted), (flags, defaulted), (gaps, defaulted))

struct Numbers {
  std::int8_t i8 = 0;
  std::uint8_t u8 = 0;
  std::int16_t i16 = 0;
  std::uint16_t u16 = 0;
  std::int32_t i32 = 0;
  std::uint32_t u32 = 0;
  std::int64_t i64 = 0;
  std::uint64_t u64 = 0;
  float f = 0;
  double d = 0;
  bool operator==(const Numbers&) const = default;
};
MILLRACE_JSON(Numbers, i8, u8, i16, u16, i32, u32, i64, u64, f, d)

struct Tree {
  std::vector<Tree> children;
};
MILLRACE_JSON(Tree, children)

struct Empty {};
MILLRACE_JSON(Empty)

struct Strange {
  int quoted = 0;
  int accented = 0;
  int lengthy = 0;
};
MILLRACE_JSON(Strange, (quoted, "a \"quoted\\ name\""), (accented, "é"),
              (lengthy, "a name so long that it would be compared beyond the padding of the parser"))

struct Seventy {
  int a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0, a7 = 0, a8 = 0, a9 = 0;
  int b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0, b6 = 0, b7 = 0, b8 = 0, b9 = 0;
  int c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0, c7 = 0, c8 = 0, c9 = 0;
  int d0 = 0, d1 = 0, d2 = 0, d3 = 0, d4 = 0, d5 = 0, d6 = 0, d7 = 0, d8 = 0, d9 = 0;
  int e0 = 0, e1 = 0, e2 = 0, e3 = 0, e4 = 0, e5 = 0, e6 = 0, e7 = 0, e8 = 0, e9 = 0;
  int f0 = 0, f1 = 0, f2 = 0, f3 = 0, f4 = 0, f5 = 0, f6 = 0, f7 = 0, f8 = 0, f9 = 0;
  int g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0, g8 = 0, g9 = 0;
};
MILLRACE_JSON(Seventy, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3,
              c4, c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9, e0, e1, e2, e3, e4, e5, e6, e7, e8, e9,
              f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, g0, g1, g2, g3, g4, g5, g6, g7, g8, g9)

}  // namespace shop
