// SPDX-License-Identifier: Apache-2.0
// Structs without MILLRACE_JSON, and structs that inherit fields.
#define BOOST_TEST_DYN_LINK
#include <array>
#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "millrace/common/windowed.hpp"
#include "millrace/serde/json.hpp"
#include "serde_fixture.hpp"

namespace plain {

enum class Colour { red, green };
MILLRACE_JSON_ENUM(Colour, red, (green, "GREEN"))

struct Part {
  double price = 0;
  std::optional<std::string> venue;
  bool operator==(const Part&) const = default;
};

struct Everything {
  std::string id;
  int count = 3;
  bool urgent = false;
  Colour colour = Colour::red;
  std::vector<Part> parts;
  std::map<std::string, int> weights;
  std::array<float, 2> pair{};
  std::optional<Part> best;
  std::vector<bool> flags;
  bool operator==(const Everything&) const = default;
};

struct Tree {
  int größe = 0;
  std::vector<Tree> children;
};

template <class T>
struct Box {
  T content;
};

struct SixtyFour {
  int a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0, a7 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0,
      b6 = 0, b7 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0, c7 = 0, d0 = 0, d1 = 0, d2 = 0, d3 = 0,
      d4 = 0, d5 = 0, d6 = 0, d7 = 0, e0 = 0, e1 = 0, e2 = 0, e3 = 0, e4 = 0, e5 = 0, e6 = 0, e7 = 0, f0 = 0, f1 = 0,
      f2 = 0, f3 = 0, f4 = 0, f5 = 0, f6 = 0, f7 = 0, g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0,
      h0 = 0, h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0, h6 = 0, h7 = 0;
};

struct SixtyFive {
  SixtyFour most;
  int a0 = 0, a1 = 0, a2 = 0, a3 = 0, a4 = 0, a5 = 0, a6 = 0, a7 = 0, b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0, b5 = 0,
      b6 = 0, b7 = 0, c0 = 0, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0, c6 = 0, c7 = 0, d0 = 0, d1 = 0, d2 = 0, d3 = 0,
      d4 = 0, d5 = 0, d6 = 0, d7 = 0, e0 = 0, e1 = 0, e2 = 0, e3 = 0, e4 = 0, e5 = 0, e6 = 0, e7 = 0, f0 = 0, f1 = 0,
      f2 = 0, f3 = 0, f4 = 0, f5 = 0, f6 = 0, f7 = 0, g0 = 0, g1 = 0, g2 = 0, g3 = 0, g4 = 0, g5 = 0, g6 = 0, g7 = 0,
      h0 = 0, h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0, h6 = 0, h7 = 0;
};

/// A type with a format of its own.
struct Day {
  int number = 0;
};

struct Dated {
  Day day;
};

// Structs whose fields cannot be found.
class Private {
 public:
  Private() = default;
  int x = 0;

 private:
  int y = 0;
};
struct NoDefault {
  explicit NoDefault(int value) : x(value) {}
  int x;
};
struct WithArray {
  int values[3];
  int last;
};
struct WithConst {
  const int x = 1;
};
struct WithReference {
  int& x;
};
struct WithNoDefault {
  int a = 0;
  NoDefault b{1};
  int c = 0;
};
struct WithNoDefaultFirst {
  NoDefault b{1};
};
struct WithPrivate {
  std::vector<std::optional<Private>> all;
};
struct WithUnknownEnum {
  enum { one } x = one;
};
struct Empty {};
struct Derived : Part {
  int more = 0;
};
struct OnlyDerived : Part {};
struct DerivedFromEmpty : Empty {
  int more = 0;
};

// Declared structs that inherit.
struct Order {
  std::string id;
  double total = 0;
  std::optional<std::string> note;
};
MILLRACE_JSON(Order, (id, "ID"), total, note)

struct Audit {
  int version = 1;
};

struct Enriched : Audit, Order {
  std::string customer;
};
MILLRACE_JSON(Enriched, inherits(Order), customer, inherits(Audit))

/// Derived from a declared struct, but not declared itself.
struct Undeclared : Order {
  std::string customer;
};

struct LenientOrder {
  std::string id = "none";
  std::optional<int> gap;
};
MILLRACE_JSON(LenientOrder, lenient, write_nulls, id, gap)

struct LenientChild : LenientOrder {
  int number = 4;
};
MILLRACE_JSON(LenientChild, number, inherits(LenientOrder))

struct VirtualChild : Order {
  virtual ~VirtualChild() = default;
  int number = 0;
};
MILLRACE_JSON(VirtualChild, inherits(Order), number)

}  // namespace plain

template <>
struct millrace::JsonCodec<plain::Day> {
  static void read(JsonReader& in, plain::Day& out) { out.number = static_cast<int>(in.read_integer(1, 31)); }
  static void write(JsonWriter& out, const plain::Day& day) { out.write_integer(day.number); }
};

namespace {

struct Unnamed {
  std::string text;
  bool flag = false;
};

}  // namespace

namespace millrace::test {

using namespace plain;

static_assert(HasSerde<Everything> && HasSerde<Tree> && HasSerde<Unnamed> && HasSerde<Box<Part>> &&
              HasSerde<SixtyFour> && HasSerde<std::optional<Part>> && HasSerde<Dated>);
static_assert(!HasSerde<Private> && !HasSerde<WithArray> && !HasSerde<WithConst> && !HasSerde<WithReference>);
static_assert(!HasSerde<NoDefault> && !HasSerde<WithNoDefault> && !HasSerde<WithNoDefaultFirst>);
static_assert(!HasSerde<WithPrivate> && !HasSerde<Box<Private>> && !HasSerde<WithUnknownEnum>);
static_assert(!HasSerde<Empty> && !HasSerde<Derived> && !HasSerde<OnlyDerived> && !HasSerde<DerivedFromEmpty>);
static_assert(!HasSerde<SixtyFive> && !HasSerde<std::array<int, 2>> && !HasSerde<Windowed<std::string>>);
static_assert(HasSerde<Enriched> && !HasSerde<Undeclared>);

BOOST_AUTO_TEST_SUITE(JsonPlain)

BOOST_AUTO_TEST_CASE(all_fields_are_written_and_read) {
  const Everything value{"a",        4,         true,        Colour::green, {{1.5, "X"}, {2, {}}},
                         {{"k", 1}}, {0.5F, 1}, Part{3, {}}, {true}};
  const std::string text =
      R"({"id":"a","count":4,"urgent":true,"colour":"GREEN","parts":[{"price":1.5,"venue":"X"},{"price":2.0}],)"
      R"("weights":{"k":1},"pair":[0.5,1.0],"best":{"price":3.0},"flags":[true]})";
  BOOST_TEST(*encode(value) == text);
  BOOST_CHECK(decode<Everything>(text) == value);
  BOOST_TEST(to_json_string(value) == text);
  BOOST_CHECK(from_json_string<Everything>(text) == value);
}

BOOST_AUTO_TEST_CASE(structs_of_any_place_have_their_fields_found) {
  struct Local {
    int x = 5;
    std::string y;
  };
  BOOST_TEST(to_json_string(Local{}) == R"({"x":5,"y":""})");
  BOOST_TEST(from_json_string<Local>(R"({"y":"z","x":1})").y == "z");
  BOOST_TEST(to_json_string(Unnamed{"t", true}) == R"({"text":"t","flag":true})");
  BOOST_TEST(to_json_string(Box<Box<int>>{{3}}) == R"({"content":{"content":3}})");
  BOOST_TEST(to_json_string(std::vector<Part>{{1, {}}}) == R"([{"price":1.0}])");
  BOOST_TEST(to_json_string(Tree{1, {{2, {}}}}) == R"({"größe":1,"children":[{"größe":2,"children":[]}]})");
}

BOOST_AUTO_TEST_CASE(only_optionals_may_be_missing) {
  BOOST_CHECK((from_json_string<Part>(R"({"price":1})") == Part{1, {}}));
  BOOST_CHECK((from_json_string<Part>(R"({"price":1,"venue":null,"other":2})") == Part{1, {}}));
  const auto failed = [](std::string_view text) { return error_of([&] { (void)from_json_string<Everything>(text); }); };
  BOOST_TEST(failed(R"({"id":"x"})") == "JSON: field \"count\" of Everything is missing in '{\"id\":\"x\"}'");
  BOOST_TEST(failed(R"({"parts":[{"price":1},{"price":"2"}]})") ==
             "JSON: field \"parts[1].price\": expected a number, found a string, at byte 31 of "
             "'{\"parts\":[{\"price\":1},{\"price\":\"2\"}]}'");
  BOOST_TEST(failed(R"({"parts":[{}]})").starts_with("JSON: field \"parts[0].price\" of Part is missing in '"));
}

BOOST_AUTO_TEST_CASE(sixty_four_fields_are_found) {
  SixtyFour value;
  value.a0 = 1;
  value.h7 = 2;
  const SixtyFour back = from_json_string<SixtyFour>(to_json_string(value));
  BOOST_TEST(back.a0 == 1);
  BOOST_TEST(back.h7 == 2);
  BOOST_TEST(to_json_string(value).ends_with(R"("h6":0,"h7":2})"));
}

BOOST_AUTO_TEST_CASE(a_codec_of_a_type_counts_before_its_fields) {
  BOOST_TEST(to_json_string(Dated{{7}}) == R"({"day":7})");
  BOOST_TEST(decode<Day>("9").number == 9);
  BOOST_TEST(error_of([] {
               (void)from_json_string<Dated>(R"({"day":32})");
             }).starts_with("JSON: field \"day\": expected an integer from 1 to 31"));
}

BOOST_AUTO_TEST_CASE(inherited_fields_stand_where_the_base_is_named) {
  Enriched value;
  value.id = "o1";
  value.total = 2.5;
  value.customer = "c1";
  value.version = 6;
  const std::string text = R"({"ID":"o1","total":2.5,"customer":"c1","version":6})";
  BOOST_TEST(to_json_string(value) == text);
  const auto back = from_json_string<Enriched>(R"({"customer":"c1","version":6,"note":"n","total":2.5,"ID":"o1"})");
  BOOST_TEST(back.id == "o1");
  BOOST_TEST(back.total == 2.5);
  BOOST_TEST(back.note.value() == "n");
  BOOST_TEST(back.customer == "c1");
  BOOST_TEST(back.version == 6);
  BOOST_TEST(error_of([] {
               (void)from_json_string<Enriched>(R"({"ID":"x"})");
             }).starts_with("JSON: field \"total\" of Enriched is missing in '"));
  BOOST_TEST(error_of([] {
               (void)from_json_string<Enriched>(R"({"ID":5})");
             }).starts_with("JSON: field \"ID\": expected a string, found the number 5"));
}

BOOST_AUTO_TEST_CASE(a_base_may_lie_anywhere_in_its_derived_struct) {
  VirtualChild value;
  value.id = "v";
  value.number = 3;
  BOOST_TEST(to_json_string(value) == R"({"ID":"v","total":0.0,"number":3})");
  const auto back = from_json_string<VirtualChild>(R"({"ID":"w","total":1,"number":4})");
  BOOST_TEST(back.id == "w");
  BOOST_TEST(back.number == 4);
}

BOOST_AUTO_TEST_CASE(the_options_of_a_base_hold_for_the_derived_struct) {
  BOOST_TEST(to_json_string(LenientChild{}) == R"({"number":4,"id":"none","gap":null})");
  const auto back = from_json_string<LenientChild>(R"({"NUMBER":"5","ID":6})");
  BOOST_TEST(back.number == 5);
  BOOST_TEST(back.id == "6");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
