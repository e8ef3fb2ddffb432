// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "unit/dsl/windows.hpp"

using namespace millrace;
using namespace millrace::test;

namespace {

const auto kSessions = SessionWindows::of_inactivity_gap_and_grace(10ms, 5ms);
const auto kMedia = {StoreMedium::rocksdb, StoreMedium::in_memory};

Topology joined_text(StoreMedium medium = StoreMedium::rocksdb) {
  return windowed([&](const auto& group) {
    return group.windowed_by(kSessions).aggregate(
        [] { return S("("); }, [](const S&, const N& value, const S& all) { return all + text(value); },
        [](const S&, const S& one, const S& other) { return one + other; },
        Materialized::as("s").with_store_type(medium));
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(Sessions)

BOOST_AUTO_TEST_CASE(replace_the_old_session_without_headers_when_they_grow) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(joined_text(medium));
    check(timeline, {{"in a=1 @100 h=1", {"out a[100,100)=(1 @100"}},
                     {"in a=2 @110 h=1", {"out a[100,100)=null @100", "out a[100,110)=((12 @110"}},
                     {"in a=3 @121", {"out a[121,121)=(3 @121"}},
                     {"in b=4 @121", {"out b[121,121)=(4 @121"}}});
  }
}

BOOST_AUTO_TEST_CASE(merge_when_a_record_lies_between_them) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(joined_text(medium));
    check(timeline,
          {{"in a=1 @100", {"out a[100,100)=(1 @100"}},
           {"in a=2 @111", {"out a[111,111)=(2 @111"}},
           {"in a=3 @105", {"out a[100,100)=null @100", "out a[111,111)=null @111", "out a[100,111)=((1(23 @111"}}});
  }
}

BOOST_AUTO_TEST_CASE(are_retracted_with_equal_bounds_unless_start_equals_end) {
  auto timeline = Timeline(joined_text());
  check(timeline, {{"in a=1 @100", {"out a[100,100)=(1 @100"}},
                   {"in a=2 @100", {"out a[100,100)=((12 @100"}},
                   {"in a=3 @104", {"out a[100,100)=null @100", "out a[100,104)=(((123 @104"}},
                   {"in a=4 @102", {"out a[100,104)=null @104", "out a[100,104)=((((1234 @104"}}});
}

BOOST_AUTO_TEST_CASE(drop_what_comes_after_gap_and_grace) {
  auto timeline = Timeline(joined_text());
  check(timeline, {{"in b=x @100", {"out b[100,100)=(x @100"}},
                   {"in c=ok @85", {"out c[85,85)=(ok @85"}},
                   {"in d=late @84", {}},
                   {"in a=ok @86", {"out a[86,86)=(ok @86"}},
                   {"in a=joins @84", {"out a[86,86)=null @86", "out a[84,86)=((okjoins @86"}},
                   {"in null=x @100", {}},
                   {"in b=null @101", {"out b[100,100)=null @100", "out b[100,101)=((xnull @101"}}});
  BOOST_TEST(drops(timeline.driver()) == "null-key 1, expired-window 1");
}

BOOST_AUTO_TEST_CASE(are_counted_and_reduced) {
  auto counts =
      Timeline(windowed([](const auto& group) { return group.windowed_by(kSessions).count(Materialized::as("s")); }));
  check(counts, {{"in a=1 @100", {"out a[100,100)=1 @100"}},
                 {"in a=2 @114", {"out a[114,114)=1 @114"}},
                 {"in a=3 @108", {"out a[100,100)=null @100", "out a[114,114)=null @114", "out a[100,114)=3 @114"}}});
  auto& store = counts.driver().get_session_store<S, std::int64_t>("s");
  BOOST_TEST((store.fetch_session("a", 100, 114) == std::optional<std::int64_t>(3)));
  auto reduced = Timeline(windowed([](const auto& group) {
    return group.windowed_by(kSessions).reduce([](const S& all, const N& value) { return all + "+" + text(value); });
  }));
  check(reduced,
        {{"in a=1 @100", {"out a[100,100)=1 @100"}},
         {"in a=2 @114", {"out a[114,114)=2 @114"}},
         {"in a=3 @108", {"out a[100,100)=null @100", "out a[114,114)=null @114", "out a[100,114)=1+2+3 @114"}}});
}

BOOST_AUTO_TEST_CASE(go_on_after_a_restart) {
  for (const StoreMedium medium : kMedia) {
    auto timeline = Timeline(joined_text(medium));
    check(timeline, {{"in a=1 @100", {"out a[100,100)=(1 @100"}}});
    timeline.driver().restart();
    check(timeline, {{"in a=2 @104", {"out a[100,100)=null @100", "out a[100,104)=((12 @104"}}});
  }
}

BOOST_AUTO_TEST_CASE(have_the_headers_of_the_last_update_with_a_cache) {
  auto timeline = cached(joined_text());
  check(timeline, {{"in a=1 @100 h=1", {"out a[100,100)=(1 @100 h=1"}},
                   {"in a=2 @110 h=2", {"out a[100,100)=null @100 h=2", "out a[100,110)=((12 @110 h=2"}}});
}

BOOST_AUTO_TEST_SUITE_END()
