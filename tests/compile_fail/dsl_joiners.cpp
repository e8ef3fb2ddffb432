// SPDX-License-Identifier: Apache-2.0
#include "dsl_streams.hpp"

// Joiners, reducers and aggregators that do not fit.

using std::string;

void joiners() {
  const auto windows = millrace::JoinWindows::of_time_difference_with_no_grace(millrace::Millis(1));
  const auto grouped = keyed().group_by_key();

#ifdef MILLRACE_MISUSE_joiner_takes_another_type
  keyed()
      .join(
          keyed(), [](const string& left, int) { return left; }, windows)
      .to("out");
#else
  keyed()
      .join(
          keyed(), [](const string& left, const string&) { return left; }, windows)
      .to("out");
#endif

#ifdef MILLRACE_MISUSE_left_joiner_takes_a_reference
  keyed()
      .left_join(
          keyed(), [](const string& left, const string& right) { return left + right; }, windows)
      .to("out");
#else
  keyed()
      .left_join(
          keyed(), [](const string& left, const string* right) { return right ? *right : left; }, windows)
      .to("out");
#endif

#ifdef MILLRACE_MISUSE_outer_joiner_takes_one_pointer
  keyed()
      .outer_join(
          keyed(), [](const string& left, const string*) { return left; }, windows)
      .to("out");
#else
  keyed()
      .outer_join(
          keyed(), [](const string* left, const string*) { return left ? *left : ""; }, windows)
      .to("out");
#endif

#ifdef MILLRACE_MISUSE_joiner_returns_nothing
  keyed().join(
      keyed(), [](const string&, const string&) {}, windows);
#else
  keyed().join(
      keyed(), [](const string&, const string&) { return true; }, windows);
#endif

#ifdef MILLRACE_MISUSE_reducer_returns_another_type
  grouped.reduce([](const string& aggregate, const string& value) { return aggregate.size() + value.size(); });
#else
  grouped.reduce([](const string& aggregate, const string& value) { return aggregate + value; });
#endif

#ifdef MILLRACE_MISUSE_initializer_takes_something
  grouped.aggregate([](int) { return 0; }, [](const string&, const string&, int total) { return total + 1; });
#else
  grouped.aggregate([] { return 0; }, [](const string&, const string&, int total) { return total + 1; });
#endif

#ifdef MILLRACE_MISUSE_aggregator_takes_no_key
  grouped.aggregate([] { return 0; }, [](const string&, int total) { return total + 1; });
#else
  grouped.aggregate([] { return 0; }, [](const string&, const string&, int total) { return total + 1; });
#endif
}
