// SPDX-License-Identifier: Apache-2.0
// Serdes with headers, configure() and close().
#define BOOST_TEST_DYN_LINK
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "millrace/common/errors.hpp"
#include "millrace/serde/list.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/serde/windowed.hpp"

namespace millrace::test {
namespace {

using S = std::string;
using detail::ConfiguredSerdes;
using Journal = std::shared_ptr<std::vector<S>>;

/// Writes the text behind its number of headers, and adds a header. Journals its life.
struct Living {
  Journal journal;
  S name = "unconfigured";

  void configure(const SerdeConfigs& configs, bool is_key) {
    name = configs.at("name") + (is_key ? ".key" : ".value");
    journal->push_back("configure " + name);
  }
  void close() { journal->push_back("close " + name); }
  void serialize(std::string_view /*topic*/, Headers* headers, const S& text, S& out) const {
    out += text;
    if (headers != nullptr) headers->add("by", name);
  }
  S deserialize(std::string_view /*topic*/, const Headers* headers, std::string_view bytes) const {
    return S(bytes) + "/" + (headers == nullptr ? "none" : std::to_string(headers->size()));
  }
};

/// Only adds headers. It has no life cycle.
struct Adds {
  void serialize(std::string_view, Headers* headers, const S& text, S& out) const {
    out += text;
    if (headers != nullptr) headers->add("added", "1");
  }
  S deserialize(std::string_view bytes) const { return S(bytes); }
};

struct Fixture {
  Journal journal = std::make_shared<std::vector<S>>();
  SerdeConfigs configs{{"name", "app"}};

  [[nodiscard]] S journaled() const {
    S all;
    for (const S& line : *journal) all += line + "; ";
    return all;
  }
};

template <class T>
S written(const AnySerde<T>& serde, const T& value, Headers* headers) {
  S bytes;
  BOOST_TEST(serde.serialize("t", headers, value, bytes));
  return bytes;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(SerdeLife, Fixture)

BOOST_AUTO_TEST_CASE(headers_reach_the_serde_on_both_sides) {
  const AnySerde<S> serde(Living{journal});
  Headers headers{{"a", "b"}};
  BOOST_TEST(written(serde, S("x"), &headers) == "x");
  BOOST_TEST(headers.size() == 2U);
  BOOST_TEST(serde.deserialize("t", &headers, "x") == "x/2");
  BOOST_TEST(serde.deserialize("t", "x") == "x/none");
}

BOOST_AUTO_TEST_CASE(only_serdes_that_take_headers_write_headers) {
  BOOST_TEST(AnySerde<S>(Adds()).writes_headers());
  BOOST_TEST(!AnySerde<S>().writes_headers());
  using N = std::optional<S>;
  BOOST_TEST((AnySerde<N>(AnySerde<S>(Adds())).writes_headers()));
  BOOST_TEST(!AnySerde<N>().writes_headers());
  BOOST_TEST((AnySerde<Windowed<S>>(TimeWindowedSerde<S>(Millis(5), Adds())).writes_headers()));
  BOOST_TEST((!AnySerde<Windowed<S>>(SessionWindowedSerde<S>()).writes_headers()));
  // As in Java, the entries of a list get no headers.
  BOOST_TEST((!AnySerde<std::vector<S>>(ListSerde<S, Adds>()).writes_headers()));
}

BOOST_AUTO_TEST_CASE(wrappers_pass_the_headers_on) {
  const AnySerde<std::optional<S>> optional{AnySerde<S>(Living{journal})};
  Headers headers;
  BOOST_TEST(written<std::optional<S>>(optional, S("x"), &headers) == "x");
  BOOST_TEST(headers.size() == 1U);
  BOOST_TEST(optional.deserialize("t", &headers, "x").value() == "x/1");
  const AnySerde<Windowed<S>> windowed(SessionWindowedSerde<S>(Living{journal}));
  const S bytes = written(windowed, Windowed<S>{"k", {1, 2}}, &headers);
  BOOST_TEST(headers.size() == 2U);
  BOOST_TEST(windowed.deserialize("t", &headers, bytes).key == "k/2");
}

BOOST_AUTO_TEST_CASE(each_object_is_configured_once_for_keys_and_once_for_values) {
  const AnySerde<S> serde(Living{journal});
  ConfiguredSerdes application(configs);
  const auto key = application.key(serde);
  const auto value = application.value(serde);
  (void)application.key(serde);
  (void)application.value(serde);
  // A configured copy is not configured again.
  (void)application.value(value);
  BOOST_TEST(journaled() == "configure app.key; configure app.value; ");
  Headers headers;
  (void)written(key, S("x"), &headers);
  (void)written(value, S("x"), &headers);
  (void)written(serde, S("x"), &headers);
  BOOST_TEST(*headers.begin()[0].value == "app.key");
  BOOST_TEST(*headers.begin()[1].value == "app.value");
  BOOST_TEST(*headers.begin()[2].value == "unconfigured");
  application.close();
  application.close();
  BOOST_TEST(journaled() == "configure app.key; configure app.value; close app.value; close app.key; ");
}

BOOST_AUTO_TEST_CASE(applications_have_their_own_copies) {
  const AnySerde<S> serde(Living{journal});
  {
    ConfiguredSerdes one(configs);
    ConfiguredSerdes two(SerdeConfigs{{"name", "two"}});
    (void)one.key(serde);
    (void)two.key(serde);
  }
  BOOST_TEST(journaled() == "configure app.key; configure two.key; close two.key; close app.key; ");
}

BOOST_AUTO_TEST_CASE(wrappers_configure_the_serde_inside_them_once) {
  const AnySerde<S> serde(Living{journal});
  ConfiguredSerdes application(configs);
  // All hold the same object.
  const auto optional = application.value(AnySerde<std::optional<S>>(serde));
  const auto list = application.value(AnySerde<std::vector<S>>(ListSerde<S, AnySerde<S>>(serde)));
  (void)application.value(serde);
  BOOST_TEST(journaled() == "configure app.value; ");
  Headers headers;
  (void)written<std::optional<S>>(optional, S("x"), &headers);
  BOOST_TEST(*headers.begin()->value == "app.value");
  BOOST_TEST(written<std::vector<S>>(list, {"x"}, nullptr).ends_with("x"));
  application.close();
  BOOST_TEST(journaled() == "configure app.value; close app.value; ");
}

BOOST_AUTO_TEST_CASE(a_wrapper_closes_a_serde_that_it_owns) {
  {
    ConfiguredSerdes application(configs);
    (void)application.value(AnySerde<std::optional<S>>(OptionalSerde<S, Living>(Living{journal})));
    (void)application.key(AnySerde<std::vector<S>>(ListSerde<S, Living>(Living{journal})));
    (void)application.key(AnySerde<Windowed<S>>(TimeWindowedSerde<S>(Millis(5), Living{journal})));
  }
  BOOST_TEST(std::ranges::count_if(*journal, [](const S& line) { return line.starts_with("close"); }) == 3);
  BOOST_TEST(journal->size() == 6U);
}

BOOST_AUTO_TEST_CASE(serdes_without_a_life_cycle_are_not_copied) {
  ConfiguredSerdes application(configs);
  BOOST_TEST(!AnySerde<S>().has_life_cycle());
  BOOST_TEST(!AnySerde<S>(Adds()).has_life_cycle());
  BOOST_TEST((!AnySerde<std::optional<S>>(AnySerde<S>()).has_life_cycle()));
  (void)application.key(AnySerde<S>(Adds()));
  BOOST_TEST(journal->empty());
}

BOOST_AUTO_TEST_CASE(a_failed_configuration_is_tried_again) {
  struct Fails {
    std::shared_ptr<int> calls;
    void configure(const SerdeConfigs&, bool) {
      if (++*calls == 1) throw RetriableException("not yet");
    }
    void serialize(const S& text, S& out) const { out += text; }
    S deserialize(std::string_view bytes) const { return S(bytes); }
  };
  const auto calls = std::make_shared<int>(0);
  const AnySerde<S> serde(Fails{calls});
  ConfiguredSerdes application;
  BOOST_CHECK_THROW((void)application.key(serde), RetriableException);
  (void)application.key(serde);
  (void)application.key(serde);
  BOOST_TEST(*calls == 2);
}

BOOST_AUTO_TEST_CASE(an_exception_of_close_does_not_keep_others_open) {
  struct Throws {
    void close() { throw std::runtime_error("cannot close"); }
    void serialize(const S& text, S& out) const { out += text; }
    S deserialize(std::string_view bytes) const { return S(bytes); }
  };
  ConfiguredSerdes application(configs);
  (void)application.key(AnySerde<S>(Living{journal}));
  (void)application.key(AnySerde<S>(Throws()));
  application.close();
  BOOST_TEST(journaled() == "configure app.key; close app.key; ");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::test
