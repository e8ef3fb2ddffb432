// SPDX-License-Identifier: Apache-2.0
// Measures what one JSON value of 60 bytes costs in a stream's serde: MILLRACE_JSON, strict and lenient, and a plain
// struct against nlohmann::json.
// Build with -DMILLRACE_BUILD_BENCH=ON. The program prints nanoseconds per value, the best of several rounds.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <string>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/serde/nlohmann_json.hpp"

namespace {

struct Variation {
  std::string id;
  double variation_ex = 0;
  double variation_in = 0;
};
MILLRACE_JSON(Variation, id, variation_ex, variation_in)

struct Buy {
  std::string a_id;
};
MILLRACE_JSON(Buy, (a_id, "A_ID"))

struct PlainVariation {
  std::string id;
  double variation_ex = 0;
  double variation_in = 0;
};

struct LenientVariation {
  std::string id;
  double variation_ex = 0;
  double variation_in = 0;
};
MILLRACE_JSON(LenientVariation, lenient, id, variation_ex, variation_in)

struct TreeVariation {
  std::string id;
  double variation_ex = 0;
  double variation_in = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(TreeVariation, id, variation_ex, variation_in)

double best_ns(millrace::detail::FunctionRef<void()> action) {
  constexpr int kRounds = 7;
  constexpr int kValues = 200'000;
  double best = std::numeric_limits<double>::max();
  for (int round = 0; round < kRounds; ++round) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kValues; ++i) action();
    std::chrono::duration<double, std::nano> spent = std::chrono::steady_clock::now() - start;
    best = std::min(best, spent.count() / kValues);
  }
  return best;
}

template <class T>
void measure(const char* name, std::string_view text) {
  millrace::AnySerde<T> serde;
  T value = serde.deserialize("topic", text);
  std::string out;
  double decode = best_ns([&] { value = serde.deserialize("topic", text); });
  double encode = best_ns([&] {
    out.clear();
    (void)serde.serialize("topic", value, out);
  });
  std::printf("%-38s %6.0f %6.0f   (%zu bytes)\n", name, decode, encode, text.size());
}

}  // namespace

int main() {
  constexpr std::string_view kVariation = R"({"id":"AAPL@2012-01-03","variation_ex":0.0215,"variation_in":-0.00531})";
  constexpr std::string_view kOtherOrder =
      R"({"variation_in":-0.00531,"x":[1],"variation_ex":0.0215,"id":"AAPL@2012-01-03"})";
  constexpr std::string_view kKsqlVariation =
      R"({"ID":"AAPL@2012-01-03","VARIATION_EX":"0.0215","VARIATION_IN":"-0.00531"})";
  std::printf("%-38s %6s %6s\n", "ns per value", "decode", "encode");
  measure<Variation>("MILLRACE_JSON, 3 fields", kVariation);
  measure<Variation>("MILLRACE_JSON, 3 fields in other order", kOtherOrder);
  measure<Buy>("MILLRACE_JSON, 1 field", R"({"A_ID":"AAPL@2012-01-03"})");
  measure<PlainVariation>("plain struct, 3 fields", kVariation);
  measure<LenientVariation>("lenient, 3 fields", kVariation);
  measure<LenientVariation>("lenient, 3 fields, upper case, strings", kKsqlVariation);
  measure<TreeVariation>("nlohmann, 3 fields", kVariation);
  measure<nlohmann::json>("nlohmann::json itself, 3 fields", kVariation);
}
