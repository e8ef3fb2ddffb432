// SPDX-License-Identifier: Apache-2.0
// The bytes of a record batch on the embedded broker's disk.
#include <random>

#include "broker/embedded/page.hpp"

#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/common/errors.hpp"
#include "unit/broker/hex.hpp"

using namespace millrace;
using namespace millrace::detail;
using namespace millrace::detail::embedded;

BOOST_AUTO_TEST_SUITE(Batch)

// These bytes are on users' disks: see format_test.cpp.
BOOST_AUTO_TEST_CASE(has_the_documented_bytes) {
  BatchBuilder builder;
  const Headers headers = {{"h", "1"}, {"n", std::nullopt}};
  builder.add(OffsetDelta(0), 1700000040000, "k", "value", nullptr);
  builder.add(OffsetDelta(1), 1700000039999, std::nullopt, "", &headers);
  builder.add(OffsetDelta(5), 1700000040300, "gone", std::nullopt, nullptr);
  BOOST_CHECK_EQUAL(hex(builder.finish(format::kTransactional, ProducerId(9), 10)),
                    "01"
                    "00000003"
                    "00000005"
                    "0000018bcfe60440"
                    "0000018bcfe6056c"
                    "0000000000000009"
                    "000000000000000a"
                    "00"
                    "00"
                    "026b"
                    "0676616c7565"
                    "00"
                    "01"
                    "01"
                    "00"
                    "01"
                    "02"
                    "0168"
                    "0231"
                    "016e"
                    "00"
                    "05"
                    "d804"
                    "05676f6e65"
                    "00"
                    "00");
  BOOST_CHECK(builder.empty());
}

BOOST_AUTO_TEST_CASE(has_the_documented_bytes_for_a_transaction_marker) {
  BOOST_CHECK_EQUAL(hex(control_batch(true, ProducerId(9), 1)),
                    "07"
                    "00000000"
                    "00000000"
                    "0000000000000001"
                    "0000000000000001"
                    "0000000000000009"
                    "0000000000000000");
  BOOST_CHECK_EQUAL(hex(control_batch(false, ProducerId(9), 1)).substr(0, 2), "03");
}

BOOST_AUTO_TEST_CASE(returns_the_records_put_into_it) {
  std::mt19937 random(20240607);
  const auto text = [&](std::size_t most) {
    std::string bytes(random() % (most + 1), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    return bytes;
  };
  struct Put {
    std::uint32_t delta;
    Timestamp timestamp;
    std::optional<std::string> key;
    std::optional<std::string> value;
    Headers headers;
  };
  std::vector<Put> puts;
  BatchBuilder builder;
  std::uint32_t delta = 0;
  for (int i = 0; i < 500; ++i) {
    Put put{delta, static_cast<Timestamp>(random()) * 1000 - 1, std::nullopt, std::nullopt, {}};
    delta += 1 + random() % 300;
    if (random() % 4 != 0) put.key = text(200);
    if (random() % 4 != 0) put.value = text(20000);
    for (unsigned n = random() % 3; n > 0; --n) {
      put.headers.add(text(5), random() % 2 != 0 ? std::optional(text(300)) : std::nullopt);
    }
    builder.add(OffsetDelta(put.delta), put.timestamp, put.key, put.value, &put.headers);
    puts.push_back(std::move(put));
  }
  const PagePtr page = Page::make(Offset(1000), builder.finish(0, ProducerId()));
  BOOST_CHECK_EQUAL(page->last_offset(), Offset(1000) + puts.back().delta);
  PageCursor cursor(*page);
  PageRecord record;
  for (const Put& put : puts) {
    BOOST_REQUIRE(cursor.next(record));
    BOOST_CHECK_EQUAL(record.offset, Offset(1000) + put.delta);
    BOOST_CHECK_EQUAL(record.timestamp, put.timestamp);
    BOOST_CHECK(record.key == put.key);
    BOOST_CHECK(record.value == put.value);
    BOOST_CHECK(decode_headers(record.header_count, record.header_bytes) == put.headers);
    BOOST_CHECK_LE(record.timestamp, page->header().max_timestamp);
  }
  BOOST_CHECK(!cursor.next(record));
}

BOOST_AUTO_TEST_CASE(under_log_append_time_gives_every_record_the_same_timestamp) {
  BatchBuilder builder;
  builder.add(OffsetDelta(0), 5, "k", "a", nullptr);
  builder.add(OffsetDelta(1), 900, "k", "b", nullptr);
  const PagePtr page = Page::make(Offset(0), builder.finish_at(0, ProducerId(), 77));
  PageCursor cursor(*page);
  PageRecord record;
  while (cursor.next(record)) BOOST_CHECK_EQUAL(record.timestamp, 77);
  BOOST_CHECK_EQUAL(page->header().max_timestamp, 77);
}

BOOST_AUTO_TEST_CASE(is_refused_if_truncated) {
  BatchBuilder builder;
  builder.add(OffsetDelta(0), 5, "key", "value", nullptr);
  const std::string whole = builder.finish(0, ProducerId());
  for (std::size_t size = format::kBatchHeaderBytes; size < whole.size(); ++size) {
    const PagePtr page = Page::make(Offset(0), whole.substr(0, size));
    PageCursor cursor(*page);
    PageRecord record;
    BOOST_CHECK_THROW(while (cursor.next(record)){}, BrokerException);
  }
}

BOOST_AUTO_TEST_CASE(stays_in_memory_while_a_buffer_shares_it) {
  BatchBuilder builder;
  builder.add(OffsetDelta(0), 5, "key", "value", nullptr);
  RecordBuffer buffer;
  PageRecord record;
  {
    const PagePtr page = Page::make(Offset(0), builder.finish(0, ProducerId()));
    PageCursor cursor(*page);
    BOOST_REQUIRE(cursor.next(record));
    buffer = page->share();
  }
  BOOST_CHECK_EQUAL(*record.value, "value");  // a sanitizer reports if the memory was freed
}

BOOST_AUTO_TEST_SUITE_END()
