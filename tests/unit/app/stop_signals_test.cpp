// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "millrace/app/stop_signals.hpp"

using namespace millrace;

namespace {

std::atomic<bool> handled{false};

void send(int signal) { pthread_kill(pthread_self(), signal); }

bool is_held(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(StopSignalsSuite)

BOOST_AUTO_TEST_CASE(reports_no_signal_when_none_came) {
  StopSignals stop;
  BOOST_TEST(!stop.requested());
  BOOST_TEST(!stop.wait_for(1ms));
}

BOOST_AUTO_TEST_CASE(reports_sigterm_and_sigint_for_good) {
  for (const int signal : {SIGTERM, SIGINT}) {
    StopSignals stop;
    send(signal);
    BOOST_TEST(stop.wait_for(10s));
    BOOST_TEST(stop.requested());
  }
}

// If a signal were not ignored, it would end the test program.
BOOST_AUTO_TEST_CASE(ignores_signals_right_after_the_first) {
  StopSignals stop(1h);
  kill(getpid(), SIGTERM);
  BOOST_TEST(stop.wait_for(10s));
  for (int i = 0; i < 3; ++i) {
    kill(getpid(), SIGTERM);
    kill(getpid(), SIGINT);
  }
  BOOST_TEST(is_held(SIGTERM));
  BOOST_TEST(stop.requested());
}

BOOST_AUTO_TEST_CASE(lets_a_later_signal_have_its_usual_effect) {
  const auto before = std::signal(SIGINT, [](int) {
    handled = true;
    handled.notify_all();
  });
  {
    StopSignals stop(0ms);
    BOOST_TEST(is_held(SIGINT));
    kill(getpid(), SIGINT);
    BOOST_TEST(stop.wait_for(10s));
    BOOST_TEST(!handled.load());
    kill(getpid(), SIGINT);
    handled.wait(false);
  }
  std::signal(SIGINT, before);
  BOOST_TEST(handled.load());
}

BOOST_AUTO_TEST_CASE(restores_the_signal_handlers_at_its_end) {
  { StopSignals stop; }
  BOOST_TEST(!is_held(SIGINT));
  BOOST_TEST(!is_held(SIGTERM));
}

BOOST_AUTO_TEST_SUITE_END()
