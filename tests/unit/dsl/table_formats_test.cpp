// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/dsl/detail/foreign_key/formats.hpp"
#include "millrace/dsl/detail/joins/buffered_record.hpp"
#include "millrace/dsl/detail/tables/change_serde.hpp"
#include "millrace/serde/primitives.hpp"
#include "unit/dsl/timeline.hpp"

// Formats of Kafka Streams' internal topics and changelogs, byte for byte.

using namespace millrace;
using namespace millrace::test;
using namespace millrace::detail;

namespace {

S hex(std::string_view bytes) {
  static const char kDigits[] = "0123456789abcdef";
  S text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[c & 15];
  }
  return text;
}

S bytes(const S& hex_text) {
  S result;
  S digits;
  for (const char c : hex_text) {
    if (c == ' ') continue;
    digits += c;
    if (digits.size() == 2) {
      result += static_cast<char>(std::stoi(digits, nullptr, 16));
      digits.clear();
    }
  }
  return result;
}

S hash_of(std::string_view value) {
  const ValueHash hash = hash_value(value);
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(hash.high),
                static_cast<unsigned long long>(hash.low));
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(TableFormats)

BOOST_AUTO_TEST_CASE(a_change_is_its_values_and_a_flag) {
  const ChangeSerde<S> serde{AnySerde<S>()};
  const auto written = [&](const Change<S>& change) {
    S out;
    serde.serialize("topic", nullptr, change, out);
    return hex(out);
  };
  BOOST_TEST(written({"ab", std::nullopt, true}) == "616201");
  BOOST_TEST(written({std::nullopt, "cde", true}) == "63646500");
  BOOST_TEST(written({"ab", "cde", true}) == "04616263646502");
  BOOST_TEST(written({S(100, 'x'), "", true}).substr(0, 4) == "c801");
  BOOST_CHECK_THROW(written({std::nullopt, std::nullopt, true}), SerializationException);

  const auto read = [&](const S& hex_text) { return serde.deserialize("topic", nullptr, bytes(hex_text)); };
  BOOST_TEST((read("616201") == Change<S>{"ab", std::nullopt, true}));
  BOOST_TEST((read("63646500") == Change<S>{std::nullopt, "cde", true}));
  BOOST_TEST((read("04616263646502") == Change<S>{"ab", "cde", true}));
  BOOST_TEST((read("63 01 03") == Change<S>{std::nullopt, "c", true}));
  BOOST_TEST((read("63 00 04") == Change<S>{"c", std::nullopt, false}));
  BOOST_TEST((read("02 61 62 00 05") == Change<S>{"a", "b", false}));
  for (const char* wrong : {"", "06", "61 02 03", "08 61 02", "80 80 80 80 80 80 02"}) {
    BOOST_CHECK_THROW((void)read(wrong), SerializationException);
  }
}

BOOST_AUTO_TEST_CASE(a_value_s_hash_is_javas) {
  BOOST_TEST(hash_of("hello") == "30bfb4f39919e764566aea857401d1c6");
  BOOST_TEST(hash_of("") == "9d2764a018e329428c3cf3b035938518");
  BOOST_TEST(hash_of(bytes("80ff90")) == "ec7d2bc8118139d3cea2d7eaf02763ab");
}

BOOST_AUTO_TEST_CASE(a_subscription_has_its_flags_first_and_its_partition_last) {
  const SubscriptionSerde serde;
  const auto written = [&](const Subscription& subscription) {
    S out;
    serde.serialize(subscription, out);
    return hex(out);
  };
  const auto only_if = SubscriptionInstruction::propagate_only_if_value;
  BOOST_TEST(written({hash_value("hello"), only_if, "k1", 2, 1}) == "010330bfb4f39919e764566aea857401d1c66b3100000002");
  BOOST_TEST(written({std::nullopt, SubscriptionInstruction::delete_and_propagate, "k1", 2, 1}) == "81016b3100000002");

  const auto read = serde.deserialize(bytes("010330bfb4f39919e764566aea857401d1c66b3100000002"));
  BOOST_TEST((read.hash == hash_value("hello")));
  BOOST_TEST((read.instruction == only_if));
  BOOST_TEST(read.primary_key == "k1");
  BOOST_TEST(read.primary_partition.value() == 2);
  const auto old = serde.deserialize(bytes("80026b31"));
  BOOST_TEST(!old.hash.has_value());
  BOOST_TEST(old.primary_key == "k1");
  BOOST_TEST(!old.primary_partition.has_value());
  BOOST_TEST(written(old) == "80026b31");
  for (const char* wrong : {"", "81", "8201", "8104", "010330bf", "8101 0000"}) {
    BOOST_CHECK_THROW((void)serde.deserialize(bytes(wrong)), SerializationException);
  }
}

BOOST_AUTO_TEST_CASE(a_combined_key_begins_with_the_foreign_key_s_length) {
  BOOST_TEST(hex(combined_key("f7", "k1")) == "0000000266376b31");
  BOOST_TEST(primary_key_of(combined_key("f7", "k1")) == "k1");
  BOOST_TEST(hex(after_prefix(bytes("00000001ff"))) == "00000002");
  BOOST_TEST(hex(after_prefix(bytes("0000000161"))) == "0000000162");
  BOOST_CHECK_THROW((void)primary_key_of(bytes("00000003 6162")), SerializationException);
}

BOOST_AUTO_TEST_CASE(a_response_has_the_hash_and_the_foreign_value) {
  const ForeignResponseSerde<S> serde{AnySerde<S>()};
  S out;
  serde.serialize("topic", nullptr, {hash_value("hello"), "fv", std::nullopt}, out);
  BOOST_TEST(hex(out) == "0030bfb4f39919e764566aea857401d1c66676");
  out.clear();
  serde.serialize("topic", nullptr, {std::nullopt, std::nullopt, 3}, out);
  BOOST_TEST(hex(out) == "80");
  const auto read = serde.deserialize("topic", nullptr, bytes("0030bfb4f39919e764566aea857401d1c66676"));
  BOOST_TEST((read.hash == hash_value("hello")));
  BOOST_TEST(read.value.value() == "fv");
  BOOST_TEST(!serde.deserialize("topic", nullptr, bytes("80")).value.has_value());
  BOOST_CHECK_THROW((void)serde.deserialize("topic", nullptr, bytes("81")), SerializationException);
}

const S kContext = "0000018bcfe60440 0000000000000007 00000002 696e 00000003 00000000";
constexpr Timestamp kTime = 1700000040000;

BufferedContext context() { return {kTime, 7, "in", 3, {}, {}, {}}; }

BOOST_AUTO_TEST_CASE(a_buffered_change_has_its_record_context_and_three_values) {
  const auto written = [](N prior, N old_value, N new_value) {
    return write_buffered({std::move(prior), std::move(old_value), std::move(new_value), context()}, kTime);
  };
  const S time = "0000018bcfe60440";
  BOOST_TEST(hex(written({}, {}, "n")) == hex(bytes(kContext + "ffffffff ffffffff 00000001 6e" + time)));
  BOOST_TEST(hex(written("p", "p", "n")) == hex(bytes(kContext + "00000001 70 fffffffe 00000001 6e" + time)));
  BOOST_TEST(hex(written("p", "o", {})) == hex(bytes(kContext + "00000001 70 00000001 6f ffffffff" + time)));

  const auto read = read_buffered(3, written("p", "p", "n"), {}, nullptr);
  BOOST_TEST(read.buffer_time == kTime);
  BOOST_TEST(text(read.value.prior) == "p");
  BOOST_TEST(text(read.value.old_value) == "p");
  BOOST_TEST(text(read.value.new_value) == "n");
  BOOST_TEST(read.value.context.topic == "in");
  BOOST_TEST(read.value.context.offset == 7);
  BOOST_TEST(read.value.size_in_memory() == 8 + 8 + 2 + 4 + 1 + 1);
}

BOOST_AUTO_TEST_CASE(buffered_changes_of_older_versions_are_read) {
  const S change = "00000001 6f 00000001 6e";  // old "o", new "n"
  const S sized_change = "0000000a" + change;
  const S time = "0000000000000009";
  const auto check_read = [](int version, const S& hex_text, const S& prior, const N* known_prior) {
    const auto read = read_buffered(version, bytes(hex_text), context(), known_prior);
    BOOST_TEST(read.buffer_time == 9);
    BOOST_TEST(text(read.value.prior) == prior);
    BOOST_TEST(text(read.value.old_value) == "o");
    BOOST_TEST(text(read.value.new_value) == "n");
    BOOST_TEST(read.value.context.timestamp == kTime);
    BOOST_TEST(read.value.context.partition == 3);
  };
  const N known = "k";
  check_read(0, time + change, "o", nullptr);
  check_read(0, time + change, "k", &known);
  check_read(1, time + kContext + sized_change, "o", nullptr);
  check_read(2, kContext + sized_change + "00000001 70" + time, "p", nullptr);
  // Kafka Streams 2.4.0 to 2.5.0 wrote version 3 under the number 2.
  check_read(2, kContext + "00000001 70" + change + time, "p", nullptr);
  BOOST_CHECK_THROW((void)read_buffered(4, bytes(time + change), context(), nullptr), SerializationException);
  BOOST_CHECK_THROW((void)read_buffered(3, bytes(time), context(), nullptr), SerializationException);
}

BOOST_AUTO_TEST_SUITE_END()
