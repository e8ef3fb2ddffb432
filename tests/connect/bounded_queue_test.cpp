// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "millrace/connect/bounded_queue.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <string>
#include <thread>

using namespace millrace;
using millrace::connect::BoundedQueue;

BOOST_AUTO_TEST_SUITE(BoundedQueueSuite)

BOOST_AUTO_TEST_CASE(gives_items_in_order_and_never_exceeds_its_bound) {
  BoundedQueue<int> queue(100);
  std::atomic<bool> exceeded{false};
  std::thread writer([&] {
    for (int n = 0; n < 5000; ++n) {
      queue.push(n, 30);
      if (queue.bytes() > 100) exceeded = true;
    }
  });
  std::vector<int> taken;
  while (taken.size() < 5000) queue.take(taken, 2, Millis(1000));
  writer.join();
  for (int n = 0; n < 5000; ++n) BOOST_REQUIRE_EQUAL(taken[static_cast<std::size_t>(n)], n);
  BOOST_TEST(!exceeded);
  BOOST_TEST(queue.bytes() == 0);
}

BOOST_AUTO_TEST_CASE(has_room_for_one_item_of_any_size) {
  BoundedQueue<int> queue(10);
  int item = 1;
  BOOST_TEST(queue.try_push(item, 1000));
  BOOST_TEST(!queue.try_push(item, 1));
  std::vector<int> taken;
  queue.take(taken, 5, Millis(0));
  BOOST_TEST(queue.try_push(item, 1));
}

BOOST_AUTO_TEST_CASE(reports_an_error_behind_the_items_before_it) {
  BoundedQueue<int> queue(10);
  queue.push(1, 1);
  queue.fail(std::make_exception_ptr(std::runtime_error("cut")));
  std::vector<int> taken;
  queue.take(taken, 5, Millis(0));
  BOOST_TEST(taken.size() == 1);
  BOOST_CHECK_THROW(queue.take(taken, 5, Millis(0)), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(ends_a_waiting_push_when_it_is_closed) {
  BoundedQueue<int> queue(1);
  queue.push(1, 1);
  std::thread writer([&] {
    const bool pushed = queue.push(2, 1);
    if (pushed) throw std::logic_error("there was no room");
  });
  queue.close();
  writer.join();
  BOOST_TEST(!queue.push(3, 1));
}

BOOST_AUTO_TEST_SUITE_END()
