// SPDX-License-Identifier: Apache-2.0
// Lenient structs read JSON by the rules of ksqlDB's JSON format.
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/serde/json.hpp"
#include "serde_fixture.hpp"

namespace bank {

struct Strict {
  int amount = 0;
};
MILLRACE_JSON(Strict, amount)

struct Account {
  std::string id = "none";
  std::int32_t count = 7;
  std::int64_t total = -1;
  std::uint64_t size = 3;
  double rate = 0.5;
  float share = 0.25F;
  bool open = true;
  std::optional<int> limit = 9;
  std::vector<double> rates = {1};
  std::map<std::string, std::string> notes;
  std::optional<Strict> strict;
};
MILLRACE_JSON(Account, lenient, id, count, total, size, rate, share, open, limit, rates, (notes, "NOTES"), strict)

struct Payment {
  std::string id;
  double amount = 0;
  std::optional<std::string> text;
};
MILLRACE_JSON(Payment, (id, required), amount, (text, "remark", required), lenient)

// The option's name is also the name of a field.
struct Named {
  int lenient = 0;
  int write_nulls = 0;
};
MILLRACE_JSON(Named, (lenient), (write_nulls, "nulls"))

struct Nulls {
  std::optional<int> a;
  int b = 0;
  std::optional<Strict> c;
};
MILLRACE_JSON(Nulls, write_nulls, a, b, c)

struct NullsBoth {
  std::optional<int> a;
};
MILLRACE_JSON(NullsBoth, lenient, write_nulls, a)

}  // namespace bank

namespace millrace::test {

using namespace bank;

BOOST_AUTO_TEST_SUITE(JsonLenient)

Account account(std::string_view text) { return from_json_string<Account>(text); }

std::string error(std::string_view text) {
  return error_of([&] { (void)account(text); });
}

std::string id_of(const std::string& json) { return account("{\"id\":" + json + "}").id; }

BOOST_AUTO_TEST_CASE(a_missing_field_keeps_its_initialiser) {
  const Account read = account("{}");
  BOOST_TEST(read.id == "none");
  BOOST_TEST(read.count == 7);
  BOOST_TEST(read.limit.value() == 9);
  BOOST_TEST(read.rates.size() == 1U);
}

BOOST_AUTO_TEST_CASE(null_counts_as_a_missing_field_but_empties_an_optional) {
  const Account read =
      account(R"({"id":null,"count":null,"total":null,"size":null,"rate":null,"share":null,"open":null,"limit":null,)"
              R"("rates":null,"NOTES":null,"strict":null})");
  BOOST_TEST(read.id == "none");
  BOOST_TEST(read.count == 7);
  BOOST_TEST(read.total == -1);
  BOOST_TEST(read.size == 3U);
  BOOST_TEST(read.rate == 0.5);
  BOOST_TEST(read.open);
  BOOST_TEST(!read.limit.has_value());
  BOOST_TEST(read.rates.size() == 1U);
  BOOST_TEST(!read.strict.has_value());
  // An element of an array has no initialiser that it could keep.
  BOOST_TEST(error(R"({"rates":[1,null]})").starts_with("JSON: field \"rates[1]\": expected a number, found null"));
}

BOOST_AUTO_TEST_CASE(numbers_in_strings_are_read) {
  const Account read = account(
      R"({"count":"-3","total":"9223372036854775807","size":"18446744073709551615","rate":" 1.5e3 ","share":"0.1",)"
      R"("limit":"+12","rates":["2.5","-0","NaN","Infinity","-Infinity",".5","5."]})");
  BOOST_TEST(read.count == -3);
  BOOST_TEST(read.total == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(read.size == std::numeric_limits<std::uint64_t>::max());
  BOOST_TEST(read.rate == 1500);
  BOOST_TEST(read.share == 0.1F);
  BOOST_TEST(read.limit.value() == 12);
  BOOST_REQUIRE(read.rates.size() == 7U);
  BOOST_TEST(read.rates[0] == 2.5);
  BOOST_TEST(std::signbit(read.rates[1]));
  BOOST_TEST(std::isnan(read.rates[2]));
  BOOST_TEST(read.rates[3] == std::numeric_limits<double>::infinity());
  BOOST_TEST(read.rates[4] == -std::numeric_limits<double>::infinity());
  BOOST_TEST(read.rates[5] == 0.5);
  BOOST_TEST(read.rates[6] == 5);
  BOOST_TEST(account(R"({"count":"\u0031"})").count == 1);
}

BOOST_AUTO_TEST_CASE(other_strings_are_no_numbers) {
  for (const std::string text : {"", " ", "x", "3.0", "1 ", "+-1", "--1", "0x1", "2147483648", "1e2", "Infinity"}) {
    BOOST_TEST(error("{\"count\":\"" + text + "\"}")
                   .starts_with("JSON: field \"count\": expected an integer from -2147483648 to 2147483647, found a "
                                "string, at byte 9 of"),
               text);
  }
  for (const std::string text : {"", " ", "x", "1,5", "+-1", "inf", "nan", "infinity", "0x10", "1e999", "1 2"}) {
    BOOST_TEST(error("{\"rate\":\"" + text + "\"}")
                   .starts_with("JSON: field \"rate\": expected a number, found a string, at byte 8 of"),
               text);
  }
  BOOST_TEST(error(R"({"size":"-1"})").find("expected an integer from 0 to") != std::string::npos);
  BOOST_TEST(error(R"({"share":"1e39"})").find("within the range of float") != std::string::npos);
  BOOST_TEST(error(R"({"open":"true"})").find("expected a boolean, found a string") != std::string::npos);
  BOOST_TEST(error(R"({"open":1})").find("expected a boolean, found the number 1") != std::string::npos);
  BOOST_TEST(error(R"({"count":true})").find("found a boolean") != std::string::npos);
  BOOST_TEST(error(R"({"rate":true})").find("found a boolean") != std::string::npos);
  BOOST_TEST(error(R"({"count":[1]})").find("found an array") != std::string::npos);
  BOOST_TEST(error(R"({"rates":1})").find("expected an array, found the number 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_fraction_of_an_integer_is_cut_off) {
  const auto total = [](const std::string& number) { return account("{\"total\":" + number + "}").total; };
  BOOST_TEST(total("3.0") == 3);
  BOOST_TEST(total("3.7") == 3);
  BOOST_TEST(total("-3.7") == -3);
  BOOST_TEST(total("-0.9") == 0);
  BOOST_TEST(total("1e3") == 1000);
  BOOST_TEST(total("1.2345E+2") == 123);
  BOOST_TEST(total("12345e-2") == 123);
  BOOST_TEST(total("12345e-9") == 0);
  BOOST_TEST(total("0.00123e4") == 12);
  BOOST_TEST(total("0e300") == 0);
  BOOST_TEST(total("1e-300") == 0);
  BOOST_TEST(total("0.99999999999999999999999999") == 0);
  BOOST_TEST(total("9223372036854775807.9") == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(total("-9223372036854775808.9") == std::numeric_limits<std::int64_t>::min());
  BOOST_TEST(account(R"({"size":1.8446744073709551615e19})").size == std::numeric_limits<std::uint64_t>::max());
  for (const std::string number : {"9223372036854775808.0", "1e19", "1e300", "9223372036854775808"}) {
    BOOST_TEST(error("{\"total\":" + number + "}").find("found the number " + number) != std::string::npos, number);
  }
  BOOST_TEST(error(R"({"count":2147483648.5})").find("found the number 2147483648.5") != std::string::npos);
  BOOST_TEST(error(R"({"count":1.})").find("found the number 1.") != std::string::npos);
  BOOST_TEST(error(R"({"size":-1.5})").find("found the number -1.5") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_string_takes_the_text_of_any_value) {
  BOOST_TEST(id_of("12") == "12");
  BOOST_TEST(id_of("-1.50") == "-1.50");
  BOOST_TEST(id_of("123456789012345678901234567890") == "123456789012345678901234567890");
  BOOST_TEST(id_of(" true ") == "true");
  BOOST_TEST(id_of("false") == "false");
  BOOST_TEST(id_of(R"({ "a" : [ 1 , "x y" ] , "b" : { } })") == R"({"a":[1,"x y"],"b":{}})");
  BOOST_TEST(id_of(R"([1, "a", null, [true, {"b": 2}]])") == R"([1, a, null, [true, {"b":2}]])");
  BOOST_TEST(id_of("[]") == "[]");
  // What follows the value is read as ever.
  const Account read = account(R"({"id":{"x":[1]},"count":4,"NOTES":{"a":1,"b":[2],"c":"t"},"rate":2})");
  BOOST_TEST(read.count == 4);
  BOOST_TEST(read.notes.at("a") == "1");
  BOOST_TEST(read.notes.at("b") == "[2]");
  BOOST_TEST(read.notes.at("c") == "t");
  BOOST_TEST(read.rate == 2);
}

BOOST_AUTO_TEST_CASE(broken_values_do_not_become_text) {
  for (const std::string json : {"nonsense", "01", "1.", "tru", "truex", "{\"a\":nonsense}", "{\"a\" 1}", "{a:1}",
                                 "[1,]", "[x]", "{\"a\":[}]", "-"}) {
    BOOST_TEST(error("{\"id\":" + json + "}").starts_with("JSON: "), json);
  }
  BOOST_TEST(error(R"({"id":{"a":nonsense}})").starts_with("JSON: field \"id\": a broken object: "));
  BOOST_TEST(error(R"({"NOTES":{"a":null}})").find("field \"NOTES.a\": expected a string, found null") !=
             std::string::npos);
  const std::string deep = std::string(1000, '[') + std::string(1000, ']');
  BOOST_TEST(error("{\"id\":" + deep + "}").starts_with("JSON: nested deeper than 256 levels"));
}

BOOST_AUTO_TEST_CASE(names_match_without_regard_to_case_but_the_right_case_counts_first) {
  const Account read = account(R"({"ID":"x","Count":2,"notes":{},"STRICT":{"amount":1},"RATE":3})");
  BOOST_TEST(read.id == "x");
  BOOST_TEST(read.count == 2);
  BOOST_TEST(read.strict.value().amount == 1);
  BOOST_TEST(read.rate == 3);
  BOOST_TEST(account(R"({"id":"right","ID":"other"})").id == "right");
  BOOST_TEST(account(R"({"ID":"other","id":"right"})").id == "right");
  BOOST_TEST(account(R"({"Id":"first","ID":"last"})").id == "last");
  BOOST_TEST(account(R"({"\u0049D":"escaped"})").id == "escaped");
  BOOST_TEST(account(R"({"idx":1,"i":2,"":3})").id == "none");
}

BOOST_AUTO_TEST_CASE(leniency_belongs_to_one_struct) {
  BOOST_TEST(
      error(R"({"strict":{"amount":"1"}})")
          .starts_with("JSON: field \"strict.amount\": expected an integer from -2147483648 to 2147483647, found "
                       "a string"));
  BOOST_TEST(error(R"({"strict":{"AMOUNT":1}})").starts_with("JSON: field \"strict.amount\" of Strict is missing"));
  // Back in the lenient struct, its rules hold again.
  const Account read = account(R"({"strict":{"amount":1},"RATE":"4"})");
  BOOST_TEST(read.rate == 4);
}

BOOST_AUTO_TEST_CASE(required_fields_of_a_lenient_struct_must_be_there) {
  BOOST_TEST(from_json_string<Payment>(R"({"ID":1,"REMARK":null})").id == "1");
  const auto failed = [](std::string_view text) { return error_of([&] { (void)from_json_string<Payment>(text); }); };
  BOOST_TEST(failed(R"({"remark":"x"})") == "JSON: field \"id\" of Payment is missing in '{\"remark\":\"x\"}'");
  BOOST_TEST(failed(R"({"id":null,"remark":"x"})").starts_with("JSON: field \"id\" of Payment is missing in '"));
  BOOST_TEST(failed(R"({"id":"1"})").starts_with("JSON: field \"remark\" of Payment is missing in '"));
}

BOOST_AUTO_TEST_CASE(a_field_may_have_the_name_of_an_option) {
  BOOST_TEST(to_json_string(Named{1, 2}) == R"({"lenient":1,"nulls":2})");
  BOOST_TEST(error_of([] { (void)from_json_string<Named>(R"({"lenient":"1","nulls":2})"); }).find("found a string") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(write_nulls_writes_empty_optionals_as_null) {
  BOOST_TEST(to_json_string(Nulls{}) == R"({"a":null,"b":0,"c":null})");
  BOOST_TEST(to_json_string(Nulls{1, 2, Strict{3}}) == R"({"a":1,"b":2,"c":{"amount":3}})");
  BOOST_TEST(!from_json_string<Nulls>(R"({"b":1})").a.has_value());
  BOOST_TEST(error_of([] { (void)from_json_string<Nulls>("{}"); }).find("\"b\" of Nulls is missing") !=
             std::string::npos);
  BOOST_TEST(to_json_string(NullsBoth{}) == R"({"a":null})");
  BOOST_TEST(from_json_string<NullsBoth>(R"({"A":"5"})").a.value() == 5);
  BOOST_TEST(to_json_string(Account{}).find("strict") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
