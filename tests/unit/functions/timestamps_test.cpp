// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/functions/timestamps.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "millrace/common/errors.hpp"

using millrace::format_timestamp;
using millrace::parse_timestamp;
using millrace::TimestampFormat;

namespace {

enum Function { kParse, kFormat };

struct Case {
  Function function;
  const char* pattern;
  const char* zone;
  const char* input;
  const char* result;
};

// Made by TimestampCases.java.
constexpr Case kCases[] = {
#include "unit/functions/timestamp_cases.inc"
};

/// The text of the StreamsException that `action` throws. Empty if it throws none.
template <class F>
std::string error_of(F action) {
  try {
    action();
  } catch (const millrace::StreamsException& error) {
    return error.what();
  }
  return {};
}

std::string result_of(const Case& test) {
  try {
    if (test.function == kParse) return std::to_string(parse_timestamp(test.input, test.pattern, test.zone));
    return format_timestamp(std::stoll(test.input), test.pattern, test.zone);
  } catch (const millrace::StreamsException&) {
    return "error";
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Timestamps)

BOOST_AUTO_TEST_CASE(are_parsed_and_formatted_as_by_java) {
  for (const Case& test : kCases) {
    BOOST_TEST_CONTEXT((test.function == kParse ? "parse '" : "format '")
                       << test.input << "' with '" << test.pattern << "' in '" << test.zone << "'") {
      BOOST_TEST(result_of(test) == test.result);
    }
  }
}

BOOST_AUTO_TEST_CASE(that_do_not_fit_are_errors_with_text_pattern_and_position) {
  BOOST_TEST(error_of([] { (void)parse_timestamp("2021-6-05", "yyyy-MM-dd"); }) ==
             "the text '2021-6-05' does not fit the pattern 'yyyy-MM-dd' at position 5");
  BOOST_TEST(error_of([] { (void)parse_timestamp("2021-06-05x", "yyyy-MM-dd"); }) ==
             "the text '2021-06-05x' goes on behind the pattern 'yyyy-MM-dd' at position 10");
  BOOST_TEST(error_of([] { (void)parse_timestamp("2021-13-05", "yyyy-MM-dd"); }) ==
             "the text '2021-13-05' with the pattern 'yyyy-MM-dd' is no time: month 13 is not between 1 and 12");
  BOOST_TEST(error_of([] { (void)parse_timestamp("02-30", "MM-dd"); }) ==
             "the text '02-30' with the pattern 'MM-dd' is no time: month 2 of year 1970 has no day 30");
  BOOST_TEST(error_of([] { (void)parse_timestamp("Friday 2021-06-05", "EEEE yyyy-MM-dd"); }) ==
             "the text 'Friday 2021-06-05' with the pattern 'EEEE yyyy-MM-dd' is no time: day of the week 5 "
             "contradicts the other parts");
}

BOOST_AUTO_TEST_CASE(refuse_patterns_and_zones_that_do_not_exist) {
  BOOST_TEST(error_of([] { TimestampFormat("yyyy-QQ"); }) ==
             "timestamp pattern 'yyyy-QQ', position 5: the letter 'Q' is not supported; these are: u y M L d D E a H "
             "k K h m s S X x Z O VV");
  BOOST_TEST(error_of([] { TimestampFormat("HHH:mm"); }) ==
             "timestamp pattern 'HHH:mm', position 0: the letter 'H' may not stand 3 times");
  BOOST_TEST(error_of([] { TimestampFormat("yyyy'T"); }) ==
             "timestamp pattern 'yyyy'T', position 4: the quote does not end");
  BOOST_TEST(error_of([] { TimestampFormat("yyyy", "Europe/Berln"); }) ==
             "the time zone 'Europe/Berln' is unknown: give a name such as Europe/Berlin, an offset such as +02:00, or "
             "UTC");
  // Letters of Java that Millrace does not have.
  for (const char* pattern : {"G", "Q", "w", "W", "Y", "e", "c", "F", "B", "A", "n", "N", "z", "v", "p", "q"}) {
    BOOST_TEST(!error_of([&] { TimestampFormat{pattern}; }).empty());
  }
}

BOOST_AUTO_TEST_CASE(have_a_range_and_no_undefined_results_outside) {
  const TimestampFormat format("uuuu-MM-dd HH:mm:ss.SSS");
  for (const millrace::Timestamp time :
       {millrace::Timestamp{-1'095'379'000'000'000}, millrace::Timestamp{971'859'000'000'000}}) {
    BOOST_TEST(format.parse(format.format(time)) == time);
  }
  using Limits = std::numeric_limits<millrace::Timestamp>;
  for (const millrace::Timestamp time : {Limits::min(), Limits::max(), millrace::Timestamp{2'000'000'000'000'000}}) {
    BOOST_TEST(error_of([&] { (void)format.format(time); }).find("its year is not between -32767 and 32767") !=
               std::string::npos);
  }
  BOOST_TEST(!error_of([&] { (void)format.parse("+99999-01-01 00:00:00.000"); }).empty());
  BOOST_TEST(!error_of([&] { (void)parse_timestamp("99999999999999999999", "u"); }).empty());
}

BOOST_AUTO_TEST_CASE(come_back_from_every_half_hour_of_a_year) {
  for (const char* zone : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"}) {
    const TimestampFormat format("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", zone);
    for (millrace::Timestamp time = 1'609'459'200'000; time < 1'640'995'200'000; time += 1'800'000) {
      if (format.parse(format.format(time)) != time) BOOST_ERROR(zone << " " << time);
    }
  }
}

BOOST_AUTO_TEST_CASE(may_be_used_by_several_threads_at_once) {
  const TimestampFormat format("yyyy-MM-dd HH:mm:ss.SSSXXX", "America/New_York");
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number) {
    threads.emplace_back([&, number] {
      for (millrace::Timestamp time = number; time < 1'600'000'000'000; time += 800'000'111) {
        if (format.parse(format.format(time)) != time) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
