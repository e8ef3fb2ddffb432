// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "csv_model.hpp"
#include "serde_fixture.hpp"

namespace millrace::test {

using namespace csv_model;

namespace {

/// The fields of each record, each as <text>. The records are in square brackets, as in the notes of the Java runs.
std::string records_of(std::string_view text, char delimiter = ',') {
  CsvReader reader(text, {.delimiter = delimiter});
  std::string result;
  while (reader.next()) {
    result += '[';
    for (const CsvField& field : reader.fields()) result.append("<").append(field.text).append(">");
    result += ']';
  }
  return result;
}

std::string csv(std::optional<std::string> a, std::optional<std::string> b, char delimiter = ',') {
  return to_csv_string(Pair{std::move(a), std::move(b)}, {.delimiter = delimiter});
}

std::string number_text(double number) { return to_csv_string(Numbers{.d = number}); }

}  // namespace

BOOST_AUTO_TEST_SUITE(Csv)

// The expected texts of this and the next two tests were printed by CSVPrinter and CSVParser of Apache Commons CSV 1.4
// with CSVFormat.DEFAULT, as ksqlDB calls them.
BOOST_AUTO_TEST_CASE(a_field_is_quoted_where_commons_csv_quotes_it) {
  BOOST_TEST(csv("a", "b") == "a,b");
  BOOST_TEST(csv("-5", "x") == "\"-5\",x");
  BOOST_TEST(csv("x", "-5") == "x,-5");
  BOOST_TEST(csv("a b", " b") == "a b,\" b\"");
  BOOST_TEST(csv("a", "b ") == "a,\"b \"");
  BOOST_TEST(csv("a", "#b") == "a,\"#b\"");
  BOOST_TEST(csv("a", "!b") == "a,\"!b\"");
  BOOST_TEST(csv("a", "$b") == "a,$b");
  BOOST_TEST(csv("#a", "b") == "\"#a\",b");
  BOOST_TEST(csv("_a", "_b") == "\"_a\",_b");
  BOOST_TEST(csv("[a", "{b") == "\"[a\",{b");
  BOOST_TEST(csv("`", "`") == "\"`\",`");
  BOOST_TEST(csv("ä", "ä") == "\"ä\",ä");
  BOOST_TEST(csv("a", "x\"y") == "a,\"x\"\"y\"");
  BOOST_TEST(csv("a", "x,y") == "a,\"x,y\"");
  BOOST_TEST(csv("a", "x\ny") == "a,\"x\ny\"");
  BOOST_TEST(csv("a", "x\ry") == "a,\"x\ry\"");
  BOOST_TEST(csv("a", "\tb") == "a,\"\tb\"");
  BOOST_TEST(csv("a", "b\x01") == "a,\"b\x01\"");
  BOOST_TEST(csv("\"", "\"") == "\"\"\"\",\"\"\"\"");
  BOOST_TEST(csv("9z", "z9") == "9z,z9");
  BOOST_TEST(csv("", "") == "\"\",");
  BOOST_TEST(csv({}, {}) == ",");
  BOOST_TEST(csv({}, "a") == ",a");
  BOOST_TEST(to_csv_string(Single{""}) == "\"\"");
  BOOST_TEST(to_csv_string(Single{}) == "");
}

BOOST_AUTO_TEST_CASE(another_delimiter_is_quoted_in_place_of_the_comma) {
  BOOST_TEST(csv("a b", "c,d", '\t') == "a b\tc,d");
  BOOST_TEST(csv("a", "e\tf", '\t') == "a\t\"e\tf\"");
  BOOST_TEST(csv("a b", "c", ' ') == "\"a b\" c");
  BOOST_TEST(csv("a;b", "c,d", ';') == "\"a;b\";c,d");
  BOOST_TEST(csv("a|b", "c\"d", '|') == "\"a|b\"|\"c\"\"d\"");
  BOOST_TEST(csv("a", "b", 'a') == "\"a\"ab");
  BOOST_TEST(records_of("a\tb", '\t') == "[<a><b>]");
  BOOST_TEST(records_of("a b", ' ') == "[<a><b>]");
  BOOST_TEST(records_of(" a", ' ') == "[<><a>]");
  BOOST_TEST(records_of("\"a\"  b", ' ') == "[<a><><b>]");
  BOOST_TEST(records_of("\"a\"\t\tb", '\t') == "[<a><><b>]");
  BOOST_TEST(to_csv_string(Pair{"it's", "b"}, {.quote = '\''}) == "'it''s',b");
}

BOOST_AUTO_TEST_CASE(records_are_split_as_by_commons_csv) {
  BOOST_TEST(records_of("a,b") == "[<a><b>]");
  BOOST_TEST(records_of("a,") == "[<a><>]");
  BOOST_TEST(records_of("a,\n") == "[<a><>]");
  BOOST_TEST(records_of(",") == "[<><>]");
  BOOST_TEST(records_of("a,,b") == "[<a><><b>]");
  BOOST_TEST(records_of("\n\na,b") == "[<a><b>]");
  BOOST_TEST(records_of("a\r\n\r\nb") == "[<a>][<b>]");
  BOOST_TEST(records_of("a\rb") == "[<a>][<b>]");
  BOOST_TEST(records_of("a\n\n\nb\n\n") == "[<a>][<b>]");
  BOOST_TEST(records_of("a,b\nc") == "[<a><b>][<c>]");
  BOOST_TEST(records_of("a\"b,c\"") == "[<a\"b><c\">]");
  BOOST_TEST(records_of("\"a\" ,b") == "[<a><b>]");
  BOOST_TEST(records_of("\"a\"\t\x0b,b") == "[<a><b>]");
  BOOST_TEST(records_of("\"a\"\x1c,b") == "[<a><b>]");
  BOOST_TEST(records_of(" \"a\",b") == "[< \"a\"><b>]");
  BOOST_TEST(records_of("\"a,b\",c") == "[<a,b><c>]");
  BOOST_TEST(records_of("\"a\nb\",c") == "[<a\nb><c>]");
  BOOST_TEST(records_of("\"a\r\nb\"") == "[<a\r\nb>]");
  BOOST_TEST(records_of("\"a\"\"b\"") == "[<a\"b>]");
  BOOST_TEST(records_of("\"\"\"\"") == "[<\">]");
  BOOST_TEST(records_of("\"\"") == "[<>]");
  BOOST_TEST(records_of("\"\",") == "[<><>]");
  BOOST_TEST(records_of("a,\"\"") == "[<a><>]");
  BOOST_TEST(records_of("\"a\"\r\n") == "[<a>]");
  BOOST_TEST(records_of("a b , c") == "[<a b >< c>]");
  BOOST_TEST(records_of("#a,b") == "[<#a><b>]");
  BOOST_TEST(records_of("") == "");
  BOOST_TEST(records_of("\n") == "");
  BOOST_TEST(records_of("\r") == "");
}

BOOST_AUTO_TEST_CASE(wrong_quotes_are_errors_with_their_place) {
  BOOST_TEST(error_of([] { records_of("x,\"a\"b"); }) ==
             "CSV: line 1, byte 5: expected the delimiter or the end of the line behind a closing quote, found 'b': a "
             "quote inside a quoted field must be doubled, in 'x,\"a\"b'");
  BOOST_TEST(error_of([] { records_of("x\ny,\"a\n"); }) ==
             "CSV: line 2, byte 4: the quote that begins here is not closed, in 'x\\x0ay,\"a\\x0a'");
  BOOST_TEST(error_of([] { records_of("\""); }).starts_with("CSV: line 1, byte 0: the quote that begins here"));
  BOOST_TEST(error_of([] { records_of("\"a\"\""); }).starts_with("CSV: line 1, byte 0: the quote that begins here"));
  BOOST_TEST(error_of([] { records_of("a\nb\xff"); }) == "CSV: line 2: not UTF-8, at byte 3");
}

BOOST_AUTO_TEST_CASE(every_kind_of_member_is_written_and_read) {
  const Row row{"x, \"y\"", -7, 1.5, 0.1F, true, Side::sell, Day{2, 28}, std::uint8_t{200}};
  BOOST_TEST(to_csv_string(row) == "\"x, \"\"y\"\"\",-7,1.5,0.1,true,SELL,0228,200");
  BOOST_CHECK(from_csv_string<Row>(to_csv_string(row)) == row);
  BOOST_TEST(to_csv_string(Row{}) == ",,,,,,,");
  BOOST_CHECK(from_csv_string<Row>(",,,,,,,") == Row{});
  BOOST_CHECK(from_csv_string<Row>("\"\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"") == Row{});
  BOOST_CHECK(from_csv_string<Row>("a,+7, 2e3 ,-.5,FALSE,buy,0101,+0") ==
              (Row{"a", 7, 2000.0, -0.5F, false, Side::buy, Day{1, 1}, std::uint8_t{0}}));
}

// The texts of Double.toString and Float.toString of Java 19 and later.
BOOST_AUTO_TEST_CASE(numbers_have_the_form_of_java) {
  BOOST_TEST(number_text(0) == "0.0,0.0");
  BOOST_TEST(number_text(-0.0) == "\"-0.0\",0.0");
  BOOST_TEST(number_text(100) == "100.0,0.0");
  BOOST_TEST(number_text(9999999) == "9999999.0,0.0");
  BOOST_TEST(number_text(1e7) == "1.0E7,0.0");
  BOOST_TEST(number_text(12345678901.5) == "1.23456789015E10,0.0");
  BOOST_TEST(number_text(0.001) == "0.001,0.0");
  BOOST_TEST(number_text(9.99e-4) == "9.99E-4,0.0");
  BOOST_TEST(number_text(1.0 / 3) == "0.3333333333333333,0.0");
  BOOST_TEST(number_text(1e21) == "1.0E21,0.0");
  BOOST_TEST(number_text(1.7976931348623157e308) == "1.7976931348623157E308,0.0");
  BOOST_TEST(number_text(std::numeric_limits<double>::denorm_min()) == "4.9E-324,0.0");
  BOOST_TEST(number_text(std::numeric_limits<double>::quiet_NaN()) == "NaN,0.0");
  BOOST_TEST(number_text(-std::numeric_limits<double>::infinity()) == "\"-Infinity\",0.0");
  const auto of_float = [](float number) { return to_csv_string(Numbers{.f = number}); };
  BOOST_TEST(of_float(1e7F) == "0.0,1.0E7");
  BOOST_TEST(of_float(0.1F) == "0.0,0.1");
  BOOST_TEST(of_float(3.4028235e38F) == "0.0,3.4028235E38");
  BOOST_TEST(of_float(std::numeric_limits<float>::denorm_min()) == "0.0,1.4E-45");
  BOOST_TEST(of_float(16777216) == "0.0,1.6777216E7");
  BOOST_TEST(std::isnan(from_csv_string<Numbers>("NaN,1").d));
  BOOST_TEST(from_csv_string<Numbers>("-Infinity,1").d == -std::numeric_limits<double>::infinity());
  BOOST_TEST(from_csv_string<Numbers>("4.9E-324,1").d == std::numeric_limits<double>::denorm_min());
}

BOOST_AUTO_TEST_CASE(an_empty_field_is_null) {
  // Optional: nullopt. Defaulted: the default.
  BOOST_CHECK(from_csv_string<Order>("o1,2.5,,,,") == (Order{"o1", 2.5, std::nullopt, 3, "none", ""}));
  BOOST_CHECK(from_csv_string<Order>("o1,2.5,n,4,t,c") == (Order{"o1", 2.5, "n", 4, "t", "c"}));
  BOOST_TEST(error_of([] { (void)from_csv_string<Order>("o1,,,,,"); }) ==
             "CSV: field \"price\", column 2, line 1, byte 3: the field is empty, which is null: declare the member as "
             "std::optional or defaulted");
  BOOST_TEST(error_of([] {
               (void)from_csv_string<Order>("\"\",1,,,,");
             }).starts_with("CSV: field \"ID\", column 1, line 1, byte 0: the field is empty"));
  // Such a text cannot be written either, because nobody could read it.
  BOOST_TEST(error_of([] { (void)to_csv_string(Order{}); }) ==
             "CSV: field \"ID\", column 1: the text is empty, and CSV reads an empty field as null: declare the member "
             "as std::optional or defaulted");
  BOOST_TEST(to_csv_string(Order{.id = "o1"}) == "o1,0.0,,3,none,");
  BOOST_TEST(
      error_of([] { (void)to_csv_string(Order{.id = "o1", .tag = ""}); }) ==
      "CSV: field \"tag\", column 5: the text is empty, and CSV reads an empty field as the member's default, which "
      "is \"none\": declare the member as std::optional");
  // The record of one null has no bytes.
  BOOST_CHECK(from_csv_string<Single>("") == Single{});
  BOOST_CHECK(from_csv_string<Single>("\"\"") == Single{});
}

BOOST_AUTO_TEST_CASE(a_wrong_number_of_fields_is_an_error) {
  BOOST_TEST(error_of([] { (void)from_csv_string<Pair>("a"); }) ==
             "CSV: expected 2 fields, one for each member of Pair, found 1, in 'a'");
  // Fewer fields: the number is reported, and not that `x` is no price.
  BOOST_TEST(error_of([] { (void)from_csv_string<Order>("x,x,x"); }).find("found 3") != std::string::npos);
  BOOST_TEST(error_of([] { (void)from_csv_string<Pair>("a,b,c"); }).find("found 3") != std::string::npos);
  BOOST_TEST(error_of([] { (void)from_csv_string<Pair>(""); }).find("found 0") != std::string::npos);
  BOOST_TEST(error_of([] { (void)from_csv_string<Pair>("a,b\nc,d"); }) ==
             "CSV: expected one record, found another one at line 2, in 'a,b\\x0ac,d'");
  BOOST_CHECK(from_csv_string<Pair>("\na,b\r\n\n") == (Pair{"a", "b"}));
}

BOOST_AUTO_TEST_CASE(a_field_of_another_type_is_an_error_that_names_it) {
  const auto error = [](std::string_view text) { return error_of([&] { (void)from_csv_string<Row>(text); }); };
  const std::string at_whole = "CSV: field \"whole\", column 2, line 1, byte 2: ";
  const std::string integer = "expected an integer from -9223372036854775808 to 9223372036854775807, found '";
  BOOST_TEST(error("a,x,,,,,,") == at_whole + integer + "x'");
  for (const char* text : {"1.0", " 1", "1 ", "+-1", "--1", "+", "-", "9223372036854775808", "0x1", "1e3"}) {
    BOOST_TEST(error(std::string("a,") + text + ",,,,,,") == at_whole + integer + text + "'");
  }
  const std::string at_number = "CSV: field \"number\", column 3, line 1, byte 2: expected a number";
  for (const char* text : {"x", "1x", "1d", "0x1p3", "nan", "inf", "infinity", "+-1", ".", "-", "e5", "1e", " "}) {
    BOOST_TEST(error(std::string(",,") + text + ",,,,,") == at_number + ", found '" + text + "'");
  }
  for (const char* text : {"1e999", "-1e999", "1e-999"}) {
    BOOST_TEST(error(std::string(",,") + text + ",,,,,") ==
               at_number + " within the range of double, found '" + text + "'");
  }
  BOOST_TEST(error(",,,1e39,,,,").find("within the range of float") != std::string::npos);
  BOOST_TEST(error(",,,,yes,,,") ==
             "CSV: field \"flag\", column 5, line 1, byte 4: expected true or false, found 'yes'");
  BOOST_TEST(error("\"\n\",,,,,sell,,") ==
             "CSV: field \"side\", column 6, line 2, byte 8: expected one of \"buy\", \"SELL\", found \"sell\"");
  BOOST_TEST(error(",,,,,,x,") == "CSV: field \"day\", column 7, line 1, byte 6: expected MMDD");
  BOOST_TEST(error(",,,,,,,256") ==
             "CSV: field \"byte\", column 8, line 1, byte 7: expected an integer from 0 to 255, found '256'");
  BOOST_TEST(error(",,,,,,,-1").find("expected an integer from 0 to 255") != std::string::npos);
  BOOST_TEST(error("\xc3,,,,,,,") == "CSV: not UTF-8, at byte 0, in '\\xc3,,,,,,,'");
}

BOOST_AUTO_TEST_CASE(values_without_a_text_are_errors) {
  BOOST_TEST(error_of([] {
               (void)to_csv_string(Pair{"\xff", {}});
             }) == "CSV: field \"a\", column 1: not UTF-8 from byte 0 of '\\xff'");
  Row row;
  row.side = static_cast<Side>(7);
  BOOST_TEST(error_of([&] { (void)to_csv_string(row); }) ==
             "CSV: field \"side\", column 6: the value 7 is not one of MILLRACE_JSON_ENUM(Side, ...)");
}

BOOST_AUTO_TEST_CASE(a_null_record_stays_null) {
  const AnySerde<std::optional<Pair>> serde = CsvSerde<Pair>();
  BOOST_TEST(!encode<std::optional<Pair>>(std::nullopt, serde).has_value());
  BOOST_TEST(!decode<std::optional<Pair>>(std::nullopt, serde).has_value());
  BOOST_TEST(encode<std::optional<Pair>>(Pair{"a", "b"}, serde).value() == "a,b");
  BOOST_CHECK(decode<std::optional<Pair>>("a,b", serde) == (Pair{"a", "b"}));
  const AnySerde<Pair> never_null = CsvSerde<Pair>();
  BOOST_TEST(error_of([&] { (void)decode<Pair>(std::nullopt, never_null); }).find("null") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_header_gives_the_order_of_the_columns) {
  BOOST_TEST(csv_header<Order>() == "ID,price,note,retries,tag,comment");
  BOOST_TEST(csv_header<Order>({.delimiter = '\t'}) == "ID\tprice\tnote\tretries\ttag\tcomment");
  const auto orders = from_csv_text<Order>("\xef\xbb\xbfprice,\"extra\",ID\n1.5,?,o1\n\n2.5,?,\"o\n2\"\n");
  BOOST_TEST_REQUIRE(orders.size() == 2);
  BOOST_CHECK(orders[0] == (Order{.id = "o1", .price = 1.5}));
  BOOST_CHECK(orders[1] == (Order{.id = "o\n2", .price = 2.5}));
  BOOST_TEST(from_csv_text<Order>("ID,price\n").empty());
}

BOOST_AUTO_TEST_CASE(wrong_headers_and_rows_are_errors_with_their_line) {
  const auto error = [](std::string_view text) { return error_of([&] { (void)from_csv_text<Order>(text); }); };
  BOOST_TEST(error("") == "CSV: line 1: expected a header with the names of the columns, found the end of the text");
  BOOST_TEST(error("ID,,price\n") == "CSV: line 1: column 2 of the header has no name");
  BOOST_TEST(error("ID,price,ID\n") == "CSV: line 1: column 3 of the header has the name 'ID' of another column");
  BOOST_TEST(error("ID\no1\n") ==
             "CSV: the header has no column \"price\", which Order needs: add the column, or declare the member as "
             "std::optional or defaulted");
  BOOST_TEST(error("ID,price\n\"o\n1\",1\no2\n") == "CSV: line 4: expected 2 fields, as in the header, found 1");
  BOOST_TEST(error("ID,price\no1,1\no2,x\n") ==
             "CSV: field \"price\", column 2, line 3, byte 17: expected a number, found 'x'");
}

BOOST_AUTO_TEST_CASE(plain_structs_need_no_declaration) {
  const Plain plain{"a", Side::sell, 1.5};
  BOOST_TEST(to_csv_string(plain) == "a,SELL,1.5");
  BOOST_CHECK(from_csv_string<Plain>("a,SELL,1.5") == plain);
  BOOST_CHECK(from_csv_string<Plain>("a,,1.5") == (Plain{.id = "a", .price = 1.5}));
  BOOST_TEST(csv_header<Plain>() == "id,side,price");
  BOOST_CHECK(from_csv_text<Plain>("price,id\n1.5,a\n").at(0) == (Plain{.id = "a", .price = 1.5}));
  BOOST_TEST(error_of([] { (void)from_csv_string<Plain>("a,b"); }) ==
             "CSV: expected 3 fields, one for each member of Plain, found 2, in 'a,b'");
  BOOST_TEST(error_of([] { (void)from_csv_string<Plain>("a,,"); }).starts_with("CSV: field \"price\", column 3"));
  struct Local {
    int x = 5;
    std::optional<int> y;
  };
  BOOST_TEST(to_csv_string(Local{}) == "5,");
  BOOST_TEST(from_csv_string<Local>("6,7").y.value() == 7);
}

BOOST_AUTO_TEST_CASE(inherited_fields_are_columns) {
  Child child;
  child.id = "a";
  child.number = 2;
  BOOST_TEST(csv_header<Child>() == "number,id,side,price");
  BOOST_TEST(to_csv_string(child) == "2,a,,0.0");
  const auto back = from_csv_string<Child>("3,b,buy,1");
  BOOST_TEST(back.number == 3);
  BOOST_TEST(back.id == "b");
  BOOST_CHECK(back.side == Side::buy);
}

BOOST_AUTO_TEST_CASE(members_of_lenient_structs_are_defaulted_unless_they_are_required) {
  BOOST_CHECK(from_csv_string<Lenient>("a,,,") == Lenient{.id = "a"});
  BOOST_CHECK(from_csv_string<Lenient>("a,1,n,t") == (Lenient{"a", 1, "n", "t"}));
  BOOST_TEST(to_csv_string(Lenient{.id = "a"}) == "a,7,,");
  BOOST_TEST(to_csv_string(Lenient{.id = "a", .note = ""}) == "a,7,,");
  BOOST_TEST(error_of([] { (void)to_csv_string(Lenient{}); }).find("the text is empty") != std::string::npos);
  BOOST_TEST(error_of([] { (void)from_csv_string<Lenient>(",1,n,t"); }).starts_with("CSV: field \"id\", column 1"));
  // The values have the rules of CSV, as in ksqlDB.
  for (const std::string number : {"1.0", " 1", "\"1\"\"\""}) {
    BOOST_TEST(error_of([&] {
                 (void)from_csv_string<Lenient>("a," + number + ",,");
               }).starts_with("CSV: field \"count\", column 2, line 1, byte 2: expected an integer from"),
               number);
  }
}

BOOST_AUTO_TEST_CASE(headers_of_lenient_structs_match_in_any_case_but_the_right_case_counts_first) {
  const auto rows = [](std::string_view text) { return from_csv_text<Lenient>(text); };
  BOOST_CHECK(rows("COUNT,NOTE,ID,X\n1,n,a,?\n").at(0) == (Lenient{"a", 1, "n", ""}));
  BOOST_CHECK(rows("ID,id,note\nb,a,\n").at(0) == Lenient{.id = "a"});
  BOOST_CHECK(rows("id,ID,note\na,b,\n").at(0) == Lenient{.id = "a"});
  const auto error = [&](std::string_view text) { return error_of([&] { (void)rows(text); }); };
  BOOST_TEST(error("id,NOTE,note\n") ==
             "CSV: the columns \"NOTE\" and \"note\" of the header are both \"Note\" of Lenient");
  BOOST_TEST(error("ID\n") == "CSV: the header has no column \"Note\", which Lenient needs: add the column");
  BOOST_TEST(error_of([] {
               (void)from_csv_text<Order>("id,price\n");
             }).starts_with("CSV: the header has no column \"ID\", which Order needs: add the column, or declare"));
}

BOOST_AUTO_TEST_CASE(a_reader_tells_where_each_field_begins) {
  CsvReader reader("\"a\nb\",c\r\nd");
  BOOST_TEST_REQUIRE(reader.next());
  BOOST_CHECK(reader.fields() == (std::vector<CsvField>{{"a\nb", 1, 0}, {"c", 2, 6}}));
  BOOST_TEST_REQUIRE(reader.next());
  BOOST_CHECK(reader.fields() == (std::vector<CsvField>{{"d", 3, 9}}));
  BOOST_TEST(!reader.next());
  BOOST_TEST(reader.fields().empty());
}

BOOST_AUTO_TEST_CASE(delimiters_are_named_as_in_ksqldb) {
  BOOST_TEST(CsvOptions::parse_delimiter(";") == ';');
  BOOST_TEST(CsvOptions::parse_delimiter("TAB") == '\t');
  BOOST_TEST(CsvOptions::parse_delimiter("SPACE") == ' ');
  const auto error = [](auto action) {
    try {
      action();
    } catch (const ConfigException& refused) {
      return std::string(refused.what());
    }
    return std::string("no error");
  };
  for (const std::string text : {"", "tab", ",,", "ä"}) {
    BOOST_TEST(error([&] { (void)CsvOptions::parse_delimiter(text); }) ==
               "CSV: the delimiter '" + text + "' is not one ASCII character, SPACE or TAB");
  }
  BOOST_TEST(error([] { (void)CsvOptions::parse_delimiter("\n"); }) ==
             "CSV: the delimiter '\\x0a' cannot be used: it must be an ASCII character and not a line break");
  BOOST_TEST(error([] { CsvSerde<Pair>({.quote = '\r'}); }).starts_with("CSV: the quote '\\x0d' cannot be used"));
  BOOST_TEST(error([] { CsvSerde<Pair>({.delimiter = '"'}); }) ==
             "CSV: '\"' is both the delimiter and the quote: choose another character for one of them");
  BOOST_TEST(error([] { CsvReader("", {.delimiter = '"'}); }).find("both the delimiter") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
