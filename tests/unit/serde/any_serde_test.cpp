// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/serde/serde.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "millrace/serde/list.hpp"
#include "millrace/serde/primitives.hpp"
#include "serde_fixture.hpp"

namespace example {

struct Point {
  int x = 0;
  int y = 0;
  bool operator==(const Point&) const = default;
};

struct Unknown {};

/// A user's serde of ten lines, as the documentation of Serde shows it.
struct PointSerde {
  void serialize(const Point& p, std::string& out) const { out += std::to_string(p.x) + "/" + std::to_string(p.y); }
  Point deserialize(std::string_view bytes) const {
    std::size_t slash = bytes.find('/');
    if (slash == bytes.npos) throw millrace::SerializationException("Point: no slash");
    return {std::stoi(std::string(bytes.substr(0, slash))), std::stoi(std::string(bytes.substr(slash + 1)))};
  }
};

struct TopicSerde {
  void serialize(std::string_view topic, const Point& p, std::string& out) const {
    out.append(topic).append(":").append(std::to_string(p.x));
  }
  Point deserialize(std::string_view topic, std::string_view bytes) const {
    return {static_cast<int>(topic.size()), static_cast<int>(bytes.size())};
  }
};

/// A serde that writes the origin (0, 0) as null.
struct NullAwareSerde {
  bool serialize(const Point& p, std::string& out) const {
    if (p == Point{}) return false;
    out += 'p';
    return true;
  }
  Point deserialize(millrace::BytesView bytes) const { return bytes ? Point{1, 1} : Point{}; }
};

}  // namespace example

template <>
struct millrace::Serde<example::Point> : example::PointSerde {};

namespace millrace::test {

using example::Point;

static_assert(HasSerde<Point> && HasSerde<std::optional<Point>> && HasSerde<std::vector<Point>>);
static_assert(!HasSerde<example::Unknown> && !HasSerde<std::optional<example::Unknown>>);
static_assert(!HasSerde<std::vector<example::Unknown>> && !HasSerde<unsigned> && !HasSerde<char>);
static_assert(SerdeFor<example::TopicSerde, Point> && SerdeFor<example::NullAwareSerde, Point>);
static_assert(!SerdeFor<Serde<std::int32_t>, std::int64_t>, "a narrower serde must not pass");
static_assert(!SerdeFor<int, Point>);
static_assert(!std::is_default_constructible_v<AnySerde<example::Unknown>>);
static_assert(std::is_nothrow_copy_constructible_v<AnySerde<std::string>>);

BOOST_AUTO_TEST_SUITE(AnySerdes)

BOOST_AUTO_TEST_CASE(a_serde_is_found_by_type) {
  BOOST_TEST(*encode(Point{3, -4}) == "3/-4");
  BOOST_CHECK((decode<Point>("3/-4") == Point{3, -4}));
  BOOST_TEST(decode_error<Point>("34") == "Point: no slash");
}

BOOST_AUTO_TEST_CASE(serializing_appends) {
  std::string out = "before ";
  BOOST_TEST(AnySerde<std::string>().serialize("t", "after", out));
  BOOST_TEST(out == "before after");
}

BOOST_AUTO_TEST_CASE(a_topic_aware_serde_sees_the_topic) {
  AnySerde<Point> serde = example::TopicSerde();
  std::string out;
  BOOST_TEST(serde.serialize("orders", {7, 0}, out));
  BOOST_TEST(out == "orders:7");
  BOOST_CHECK((serde.deserialize("orders", "12") == Point{6, 2}));
}

BOOST_AUTO_TEST_CASE(a_null_aware_serde_writes_and_reads_null) {
  AnySerde<Point> serde = example::NullAwareSerde();
  BOOST_TEST(!encode(Point{}, serde).has_value());
  BOOST_TEST(*encode(Point{1, 0}, serde) == "p");
  BOOST_CHECK(serde.deserialize("t", std::nullopt) == Point{});
}

BOOST_AUTO_TEST_CASE(null_for_a_type_without_null_names_the_remedy) {
  BOOST_TEST(decode_error<Point>(std::nullopt) ==
             "the key or value is null, but example::Point has no null: use std::optional<example::Point> where null "
             "is allowed, or Unkeyed for keys that do not matter");
  BOOST_TEST(decode_error<std::string>(std::nullopt).find("but std::string has no null") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_optional_is_null_when_empty) {
  BOOST_TEST(encode_hex(std::optional<std::string>()) == "null");
  BOOST_TEST(encode_hex(std::optional<std::string>("")) == "");
  BOOST_CHECK(decode<std::optional<std::string>>(std::nullopt) == std::nullopt);
  BOOST_CHECK(decode<std::optional<std::string>>("") == std::optional<std::string>(""));
}

BOOST_AUTO_TEST_CASE(an_optional_takes_the_serde_of_its_value) {
  AnySerde<std::optional<Point>> from_serde = example::PointSerde();
  BOOST_TEST(!encode<std::optional<Point>>(std::nullopt, from_serde).has_value());
  BOOST_TEST(*encode<std::optional<Point>>(Point{1, 2}, from_serde) == "1/2");
  BOOST_CHECK(from_serde.deserialize("t", std::nullopt) == std::nullopt);

  AnySerde<std::optional<Point>> from_any = AnySerde<Point>(example::TopicSerde());
  BOOST_TEST(*encode<std::optional<Point>>(Point{1, 2}, from_any) == "topic:1");
  BOOST_CHECK((from_any.deserialize("abc", "") == std::optional(Point{3, 0})));
}

BOOST_AUTO_TEST_CASE(unkeyed_reads_anything_and_writes_null) {
  BOOST_TEST(encode_hex(Unkeyed{}) == "null");
  BOOST_CHECK(decode<Unkeyed>("anything \xff") == Unkeyed{});
  BOOST_CHECK(decode<Unkeyed>(std::nullopt) == Unkeyed{});
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
