#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/app/stop_signals.hpp"

using namespace millrace;

namespace {

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

BOOST_AUTO_TEST_CASE(lets_a_second_signal_have_its_usual_effect) {
  StopSignals stop;
  BOOST_TEST(is_held(SIGINT));
  send(SIGINT);
  BOOST_TEST(stop.wait_for(10s));
  BOOST_TEST(!is_held(SIGINT));
  BOOST_TEST(!is_held(SIGTERM));
}

BOOST_AUTO_TEST_CASE(restores_the_signal_handlers_at_its_end) {
  { StopSignals stop; }
  BOOST_TEST(!is_held(SIGINT));
  BOOST_TEST(!is_held(SIGTERM));
}

BOOST_AUTO_TEST_SUITE_END()
