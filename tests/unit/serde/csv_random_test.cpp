// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <bit>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "csv_model.hpp"
#include "serde_fixture.hpp"
#include "support/repetitions.hpp"

namespace millrace::test {

using namespace csv_model;

namespace {

/// The seed of the run. MILLRACE_TEST_SEED sets it, to repeat a run.
struct RandomCsv {
  RandomCsv() {
    const char* given = std::getenv("MILLRACE_TEST_SEED");
    const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    random.seed(seed);
    BOOST_TEST_MESSAGE("seed " << seed << " (repeat with MILLRACE_TEST_SEED)");
  }

  std::size_t below(std::size_t limit) { return random() % limit; }
  template <class T>
  std::optional<T> maybe(T value) {
    return below(5) == 0 ? std::nullopt : std::optional<T>(std::move(value));
  }

  /// Never empty, because CSV reads an empty field as null.
  std::string text() {
    static const std::vector<std::string> kPieces{"a", "Z",  "0", "\"", "\"\"", "\n", "\r", "\r\n", ",",
                                                  ";", "\t", " ", "#",  "-",    "é",  "😀",  "\x01", "'"};
    std::string result;
    for (std::size_t i = 1 + below(8); i > 0; --i) result += kPieces[below(kPieces.size())];
    return result;
  }
  double number() {
    const double value = below(2) == 0 ? std::bit_cast<double>(random()) : static_cast<double>(below(2'000'000)) / 1000;
    return value == value ? value : 0;  // NaN differs from itself
  }
  Row row() {
    return {maybe(text()),
            maybe(static_cast<std::int64_t>(random())),
            maybe(number()),
            maybe(static_cast<float>(below(1'000'000)) / 7),
            maybe(below(2) == 0),
            maybe(below(2) == 0 ? Side::buy : Side::sell),
            maybe(Day{static_cast<int>(1 + below(12)), static_cast<int>(1 + below(28))}),
            maybe(static_cast<std::uint8_t>(below(256)))};
  }
  CsvOptions options() {
    static constexpr std::string_view kDelimiters = ",;\t |a0-.";
    return {.delimiter = kDelimiters[below(kDelimiters.size())], .quote = below(2) == 0 ? '"' : '\''};
  }

  std::mt19937_64 random;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(RandomCsvRecords, RandomCsv)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
  for (int i = 0; i < repetitions(20'000); ++i) {
    const CsvOptions format = options();
    const Row value = row();
    const std::string written = to_csv_string(value, format);
    BOOST_REQUIRE_MESSAGE(from_csv_string<Row>(written, format) == value, "read back differently: " << written);
  }
}

BOOST_AUTO_TEST_CASE(a_text_with_a_header_is_read_back) {
  for (int i = 0; i < repetitions(1'000); ++i) {
    const CsvOptions format = options();
    std::string text = csv_header<Row>(format);
    std::vector<Row> rows;
    for (std::size_t n = below(5); n > 0; --n) {
      rows.push_back(row());
      text += (below(2) == 0 ? "\n" : "\r\n") + to_csv_string(rows.back(), format);
    }
    BOOST_REQUIRE_MESSAGE(from_csv_text<Row>(text, format) == rows, "read back differently: " << text);
  }
}

// Any bytes give a value or a SerializationException. A value that was read can be written, and then gives itself.
BOOST_AUTO_TEST_CASE(random_bytes_give_a_value_or_an_error) {
  static constexpr std::string_view kBytes = "a0,,,,,,,\"\"\n\r. -+eE\t'#\xc3\xa9\xff";
  int read = 0;
  for (int i = 0; i < repetitions(100'000); ++i) {
    std::string bytes;
    for (std::size_t n = below(16); n > 0; --n) {
      bytes += below(20) == 0 ? static_cast<char>(below(256)) : kBytes[below(kBytes.size())];
    }
    try {
      const auto pair = from_csv_string<Pair>(bytes);
      ++read;
      BOOST_REQUIRE(from_csv_string<Pair>(to_csv_string(pair)) == pair);
    } catch (const SerializationException&) {
    }
    try {
      (void)from_csv_string<Row>(bytes);
    } catch (const SerializationException&) {
    }
    try {
      (void)from_csv_text<Single>("a" + bytes);
    } catch (const SerializationException&) {
    }
  }
  BOOST_TEST(read > 0);
}

// One byte of a good record is changed, removed or added.
BOOST_AUTO_TEST_CASE(damaged_records_give_a_value_or_an_error) {
  int refused = 0;
  for (int i = 0; i < repetitions(50'000); ++i) {
    std::string bytes = to_csv_string(row());
    const std::size_t at = below(bytes.size());
    switch (below(3)) {
      case 0: bytes[at] = static_cast<char>(below(256)); break;
      case 1: bytes.erase(at, 1); break;
      default: bytes.insert(at, 1, static_cast<char>(below(256)));
    }
    try {
      (void)from_csv_string<Row>(bytes);
    } catch (const SerializationException&) {
      ++refused;
    }
  }
  BOOST_TEST(refused > 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
