// SPDX-License-Identifier: Apache-2.0
#include "mqtt_packets.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>
#include <random>

#include "millrace/common/errors.hpp"
#include "mqtt_reasons.hpp"

using namespace millrace;
using namespace millrace::connect;
using namespace millrace::connect::detail;

namespace {

Packet whole(const std::string& bytes) {
  std::size_t needed = 0;
  const auto packet = front_packet(bytes, needed);
  BOOST_REQUIRE(packet.has_value());
  return *packet;
}

std::string text(std::string_view bytes) { return std::string(bytes); }

}  // namespace

BOOST_AUTO_TEST_SUITE(mqtt_packets)

BOOST_AUTO_TEST_CASE(a_packet_is_taken_when_it_is_complete) {
  const std::string large(300'000, 'x');
  const auto bytes = encode_publish(7, "a/b", large, false, false);
  std::size_t needed = 0;
  for (std::size_t size = 0; size < bytes.size(); size += size < 10 ? 1 : 9999) {
    BOOST_TEST(!front_packet(std::string_view(bytes).substr(0, size), needed).has_value());
    BOOST_TEST((needed == 0 || needed == bytes.size()));
  }
  const auto packet = whole(bytes);
  BOOST_TEST(packet.size == bytes.size());
  const auto publish = decode_publish(packet, false);
  BOOST_TEST(publish.topic == "a/b");
  BOOST_TEST(publish.payload == large);
  BOOST_TEST(publish.id == 7);
  BOOST_TEST(static_cast<int>(publish.qos) == 1);
}

BOOST_AUTO_TEST_CASE(a_length_of_five_bytes_is_malformed) {
  std::size_t needed = 0;
  BOOST_CHECK_THROW((void)front_packet("\x30\xff\xff\xff\xff\x01", needed), MalformedPacket);
}

BOOST_AUTO_TEST_CASE(messages_of_mqtt_5_have_properties) {
  // A user property (a, b), a message expiry, and a content type.
  const std::string properties("\x26\0\1a\0\1b\x02\0\0\0\x09\x03\0\1t", 16);
  std::string body("\0\1x\0\5", 5);
  body += static_cast<char>(properties.size());
  body += properties + "payload";
  const Packet packet{.type = 3, .flags = 2, .body = body, .size = 0};
  BOOST_TEST(decode_publish(packet, true).payload == "payload");
}

BOOST_AUTO_TEST_CASE(malformed_messages_are_refused) {
  const auto refused = [](unsigned flags, std::string_view body, bool v5) {
    BOOST_CHECK_THROW(
        (void)decode_publish({.type = 3, .flags = static_cast<std::uint8_t>(flags), .body = body, .size = 0}, v5),
        MalformedPacket);
  };
  refused(2, "", false);
  refused(2, {"\0\5abc", 5}, false);
  refused(2, {"\0\1a", 3}, false);
  refused(2, {"\0\1a\0\0", 5}, false);
  refused(4, {"\0\1a\0\1", 5}, false);
  refused(6, {"\0\1a\0\1", 5}, false);
  refused(2, {"\0\1a\0\1", 5}, true);
  refused(2, {"\0\1a\0\1\x7f", 6}, true);
  refused(2, {"\0\1a\0\1\1\xee", 7}, true);
  refused(2, {"\0\1a\0\1\xff\xff\xff\xff\xff", 10}, true);
}

BOOST_AUTO_TEST_CASE(random_bytes_never_do_harm) {
  std::minstd_rand random(17);
  for (int round = 0; round < 100'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 40);
    const auto tried = [&](auto&& decode) {
      try {
        decode();
      } catch (const MalformedPacket&) {
        // As it should be.
      }
    };
    tried([&] {
      std::size_t needed = 0;
      (void)front_packet(bytes, needed);
    });
    for (const bool v5 : {false, true}) {
      tried([&] { (void)decode_connack(bytes, v5); });
      tried([&] { (void)decode_puback(bytes, v5); });
      tried([&] { (void)decode_suback(bytes, v5); });
      tried([&] { (void)decode_publish({.type = 3, .flags = 2, .body = bytes, .size = 0}, v5); });
    }
    tried([&] { (void)decode_disconnect(bytes); });
  }
}

BOOST_AUTO_TEST_CASE(connect_has_user_password_and_session) {
  MqttSettings settings{.client_id = "c", .user = "u", .password = Secret("p"), .version = 3};
  BOOST_TEST(text(whole(encode_connect(settings, true, 30)).body) ==
             std::string("\0\4MQTT\4\xc0\0\x1e\0\1c\0\1u\0\1p", 19));
  BOOST_TEST(text(whole(encode_connect(settings, false, 30)).body).substr(7, 1) == "\xc2");
  settings.version = 5;
  BOOST_TEST(text(whole(encode_connect(settings, true, 30)).body) ==
             std::string("\0\4MQTT\5\xc0\0\x1e\5\x11\xff\xff\xff\xff\0\1c\0\1u\0\1p", 25));
}

BOOST_AUTO_TEST_CASE(refusals_say_whether_to_try_again) {
  const auto connack = [](int reason, bool v5) {
    check_connack({.reason = static_cast<std::uint8_t>(reason)}, v5, "mqtt://b:1");
  };
  BOOST_CHECK_NO_THROW(connack(0, false));
  for (const int reason : {3}) BOOST_CHECK_THROW(connack(reason, false), RetriableException);
  for (const int reason : {0x80, 0x88, 0x89, 0x97}) BOOST_CHECK_THROW(connack(reason, true), RetriableException);
  for (const auto& [reason, v5, remedy] :
       std::initializer_list<std::tuple<int, bool, const char*>>{{1, false, "--mqtt-version"},
                                                                 {2, false, "--client-id"},
                                                                 {4, false, "--password-file"},
                                                                 {5, false, "--password-file"},
                                                                 {0x84, true, "--mqtt-version"},
                                                                 {0x85, true, "--client-id"},
                                                                 {0x86, true, "--password-file"},
                                                                 {0x87, true, "--password-file"}}) {
    try {
      connack(reason, v5);
      BOOST_FAIL("accepted " << reason);
    } catch (const RetriableException& error) {
      BOOST_FAIL(reason << " is tried again: " << error.what());
    } catch (const StreamsException& error) {
      BOOST_TEST(std::string(error.what()).find(remedy) != std::string::npos);
    }
  }
  BOOST_CHECK_THROW(check_suback({.reason = 0}, "a", "b"), StreamsException);
  BOOST_CHECK_THROW(check_suback({.reason = 0x80}, "a", "b"), StreamsException);
  BOOST_CHECK_NO_THROW(check_suback({.reason = 1}, "a", "b"));
}

BOOST_AUTO_TEST_SUITE_END()
