// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <array>
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "json_model.hpp"
#include "millrace/serde/list.hpp"
#include "millrace/serde/nlohmann_json.hpp"
#include "serde_fixture.hpp"
#include "support/repetitions.hpp"

namespace millrace::test {

using namespace shop;

/// The seed of the run. MILLRACE_TEST_SEED sets it, to repeat a run.
struct RandomFixture {
  RandomFixture() {
    const char* given = std::getenv("MILLRACE_TEST_SEED");
    seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    random.seed(seed);
    BOOST_TEST_MESSAGE("seed " << seed << " (repeat with MILLRACE_TEST_SEED)");
  }

  std::size_t below(std::size_t limit) { return random() % limit; }

  std::string text() {
    static const std::vector<std::string> kPieces{"a", "Z",  "0", "\"", "\\", "\n",  "\x01",
                                                  "é", "中", "😀", " ",  "/",  "\x7f"};
    std::string result;
    for (std::size_t i = below(20); i > 0; --i) result += kPieces[below(kPieces.size())];
    return result;
  }

  double number() {
    while (true) {
      double value = below(2) == 0 ? std::bit_cast<double>(random()) : static_cast<double>(below(2'000'000)) / 1000;
      if (std::isfinite(value)) return value;
    }
  }

  Leg leg() {
    return {number(), static_cast<std::int32_t>(random()), below(2) == 0 ? std::nullopt : std::optional(text())};
  }

  Order order() {
    Order order;
    order.origin = text();
    order.id = text();
    order.urgent = below(2) == 0;
    for (std::size_t i = below(4); i > 0; --i) order.legs.push_back(leg());
    for (std::size_t i = below(4); i > 0; --i) order.weights[text()] = number();
    if (below(2) == 0) order.groups[text()] = {1, -2};
    order.pair = {text(), text()};
    order.side = below(2) == 0 ? Side::buy : Side::sell;
    if (below(2) == 0) order.hedge = leg();
    for (std::size_t i = below(4); i > 0; --i) order.flags.push_back(below(2) == 0);
    for (std::size_t i = below(4); i > 0; --i) {
      order.gaps.push_back(below(2) == 0 ? std::nullopt : std::optional(static_cast<int>(random())));
    }
    return order;
  }

  /// Changes, removes, doubles or cuts off a few bytes.
  std::string mutated(std::string document) {
    static const std::string kBytes = "{}[]\",:\\0-9eE.tfnu \n\x00\xff\xc3\xa9";
    for (std::size_t i = 1 + below(4); i > 0 && !document.empty(); --i) {
      std::size_t at = below(document.size());
      switch (below(5)) {
        case 0: document[at] = kBytes[below(kBytes.size())]; break;
        case 1: document.erase(at, 1 + below(3)); break;
        case 2: document.insert(at, 1, kBytes[below(kBytes.size())]); break;
        case 3: document.resize(at); break;
        default: document.insert(at, document.substr(at, below(20)));
      }
    }
    return document;
  }

  std::uint64_t seed = 0;
  std::mt19937_64 random;
};

BOOST_FIXTURE_TEST_SUITE(JsonRandom, RandomFixture)

BOOST_AUTO_TEST_CASE(random_structs_come_back_and_nlohmann_agrees) {
  for (int i = 0; i < 3000; ++i) {
    Order original = order();
    std::string text = to_json_string(original);
    BOOST_REQUIRE_EQUAL(to_json_string(from_json_string<Order>(text)), text);
    nlohmann::json tree = nlohmann::json::parse(text);
    BOOST_REQUIRE_EQUAL(tree["id"].get<std::string>(), original.id);
    // nlohmann's text has other spaces and another order of names, but the same numbers and strings.
    BOOST_REQUIRE_EQUAL(to_json_string(from_json_string<Order>(tree.dump())), text);
    BOOST_REQUIRE_EQUAL(to_json_string(from_json_string<Order>(tree.dump(3, ' ', true))), text);
  }
}

BOOST_AUTO_TEST_CASE(doubles_come_back_exactly_and_look_like_nlohmanns) {
  std::vector<double> values{0.0,
                             -0.0,
                             1,
                             -1,
                             0.1,
                             1.0 / 3,
                             1e14,
                             1e15,
                             1e16,
                             9.5e15,
                             999999999999999.9,
                             1e-4,
                             1e-5,
                             0.00012345,
                             1e20,
                             123456789012345680.0,
                             5e-324,
                             2.2250738585072014e-308,
                             1.7976931348623157e308};
  for (int i = 0; i < repetitions(20000); ++i) values.push_back(number());
  for (double value : values) {
    std::string text = to_json_string(std::vector<double>{value});
    double back = from_json_string<std::vector<double>>(text)[0];
    BOOST_REQUIRE_EQUAL(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value));
    std::string theirs = nlohmann::json(std::vector<double>{value}).dump();
    // nlohmann's algorithm sometimes misses the shortest digits. If both texts have the same length, their layout is
    // the same.
    BOOST_REQUIRE_MESSAGE(text == theirs || text.size() <= theirs.size(), text << " or " << theirs);
    if (text.size() == theirs.size()) BOOST_REQUIRE_EQUAL(text.find_first_of(".e"), theirs.find_first_of(".e"));
  }
}

BOOST_AUTO_TEST_CASE(floats_come_back_exactly) {
  for (int i = 0; i < repetitions(20000); ++i) {
    auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(value)) continue;
    float back = from_json_string<std::vector<float>>(to_json_string(std::vector<float>{value}))[0];
    BOOST_REQUIRE_EQUAL(std::bit_cast<std::uint32_t>(back), std::bit_cast<std::uint32_t>(value));
  }
}

// Numbers near the middle between two floats. The text is slightly larger or smaller than the middle, but converted to
// double it is exactly the middle.
BOOST_AUTO_TEST_CASE(floats_are_rounded_once) {
  for (int i = 0; i < repetitions(20000); ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    const float next = std::nextafter(value, std::numeric_limits<float>::max());
    if (!std::isfinite(value) || !std::isfinite(next)) continue;
    const double half = (static_cast<double>(value) + static_cast<double>(next)) / 2;
    std::array<char, 256> buffer{};
    const int digits = i % 2 == 0 ? 170 : 20;  // 170 digits are exact, 20 are a little more or less
    std::snprintf(buffer.data(), buffer.size(), "%.*e", digits, half);
    std::string text = buffer.data();
    if (digits == 170) text.insert(text.find('e'), "1");
    const float expected = std::strtof(text.c_str(), nullptr);
    const float read = from_json_string<std::vector<float>>("[" + text + "]")[0];
    BOOST_REQUIRE_MESSAGE(std::bit_cast<std::uint32_t>(read) == std::bit_cast<std::uint32_t>(expected),
                          text << " is read as " << read << ", not as " << expected);
  }
}

BOOST_AUTO_TEST_CASE(every_prefix_of_a_document_is_refused) {
  for (int i = 0; i < 20; ++i) {
    std::string text = to_json_string(order());
    for (std::size_t size = 0; size < text.size(); ++size) {
      // A separate copy, so that the sanitizer sees a read beyond the end.
      std::vector<char> prefix(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
      BOOST_REQUIRE_THROW((void)from_json_string<Order>({prefix.data(), prefix.size()}), SerializationException);
    }
  }
}

BOOST_AUTO_TEST_CASE(mutated_documents_are_read_or_refused_but_never_crash) {
  int refused = 0;
  for (int i = 0; i < repetitions(30000); ++i) {
    std::string text = mutated(to_json_string(order()));
    std::vector<char> bytes(text.begin(), text.end());
    try {
      Order read = from_json_string<Order>({bytes.data(), bytes.size()});
      BOOST_REQUIRE_EQUAL(to_json_string(from_json_string<Order>(to_json_string(read))), to_json_string(read));
    } catch (const SerializationException& error) {
      BOOST_REQUIRE(std::string(error.what()).starts_with("JSON: "));
      ++refused;
    }
  }
  BOOST_TEST(refused > repetitions(15000));
}

BOOST_AUTO_TEST_CASE(what_nlohmann_refuses_is_refused) {
  // Only types without ignored fields, because the content of an ignored field is not checked beyond its brackets.
  using Texts = std::map<std::string, std::vector<std::string>>;
  using Values = std::vector<std::optional<double>>;
  int refused = 0;
  for (int i = 0; i < repetitions(30000); ++i) {
    Texts texts{{text(), {text(), text()}}, {text(), {}}};
    Values values{number(), std::nullopt, number(), 1};
    for (const std::string& text : {mutated(to_json_string(texts)), mutated(to_json_string(values))}) {
      if (nlohmann::json::accept(text)) continue;
      ++refused;
      BOOST_REQUIRE_THROW((void)from_json_string<Texts>(text), SerializationException);
      BOOST_REQUIRE_THROW((void)from_json_string<Values>(text), SerializationException);
    }
  }
  BOOST_TEST(refused > repetitions(15000));
}

BOOST_AUTO_TEST_CASE(mutated_lists_are_read_or_refused_but_never_crash) {
  using Strings = std::vector<std::optional<std::string>>;
  using Ints = std::vector<std::optional<std::int32_t>>;
  for (int i = 0; i < repetitions(30000); ++i) {
    Strings strings;
    Ints ints;
    for (std::size_t n = below(5); n > 0; --n) strings.push_back(below(3) == 0 ? std::nullopt : std::optional(text()));
    for (std::size_t n = below(5); n > 0; --n) {
      ints.push_back(below(3) == 0 ? std::nullopt : std::optional(static_cast<int>(random())));
    }
    BOOST_REQUIRE(decode<Strings>(*encode(strings)) == strings);
    BOOST_REQUIRE(decode<Ints>(*encode(ints)) == ints);
    for (const std::string& text : {mutated(*encode(strings)), mutated(*encode(ints))}) {
      std::vector<char> bytes(text.begin(), text.end());
      std::string_view view(bytes.data(), bytes.size());
      try {
        (void)decode<Strings>(view);
      } catch (const SerializationException&) {
      }
      try {
        (void)decode<Ints>(view);
      } catch (const SerializationException&) {
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
