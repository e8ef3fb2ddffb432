// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/config/streams_config.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>

#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "support/captured_stderr.hpp"

using namespace millrace;

namespace {

/// The text of the ConfigException that `action` throws. Empty if it throws none.
std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ConfigException& error) {
    return error.what();
  }
  return "";
}

std::string error_of(std::string_view key, std::string_view value) {
  return error_of([&] { StreamsConfig().set(key, value); });
}

/// Keys whose value is fixed in Millrace, depends on the machine, or costs memory for nothing
/// (statestore.uncommitted.max.bytes).
const std::set<std::string> kOtherDefaults{"enable.transactional.statestores", "state.dir",
                                           "statestore.uncommitted.max.bytes", "topology.description.push.enabled"};

/// The smallest configuration that an application needs.
StreamsConfig minimal() {
  return StreamsConfig().set("application.id", "app").set("bootstrap.servers", "localhost:9092");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(StreamsConfigKeys)

BOOST_AUTO_TEST_CASE(can_begin_with_the_defaults_of_ksqldb) {
  StreamsConfig config = StreamsConfig::like_ksqldb();
  BOOST_TEST(config.get_int("commit.interval.ms") == 2000);
  BOOST_TEST(config.get_string("deserialization.exception.handler") == "log-and-continue");
  BOOST_TEST(config.client_settings("main.consumer").at("auto.offset.reset") == "latest");
  config.set("application.id", "app").set("bootstrap.servers", "localhost:9092").set("commit.interval.ms", "500");
  BOOST_TEST(config.get_int("commit.interval.ms") == 500);
  const CapturedStderr log;
  config.validate();
  BOOST_TEST(log.text() == "");
}

BOOST_AUTO_TEST_CASE(has_java_defaults) {
  const StreamsConfig config;
  BOOST_TEST(config.get_int("num.stream.threads") == 1);
  BOOST_TEST(config.get_string("processing.guarantee") == "at_least_once");
  BOOST_TEST(config.get_millis("commit.interval.ms").count() == 30000);
  BOOST_TEST(config.get_int("buffered.records.per.partition") == 1000);
  BOOST_TEST(config.get_int("statestore.cache.max.bytes") == 10485760);
  BOOST_TEST(config.get_millis("windowstore.changelog.additional.retention.ms") == 24h);
  BOOST_TEST(config.get_bool("ensure.explicit.internal.resource.naming") == false);
  BOOST_TEST(config.get_string("errors.dead.letter.queue.topic.name") == "");
}

BOOST_AUTO_TEST_CASE(has_its_own_keys) {
  const StreamsConfig config;
  BOOST_TEST(config.get_int("millrace.memory.tier.max.bytes") > 0);
}

BOOST_AUTO_TEST_CASE(commits_more_often_under_exactly_once) {
  StreamsConfig config;
  config.set("processing.guarantee", "exactly_once_v2");
  BOOST_TEST(config.exactly_once());
  BOOST_TEST(config.get_millis("commit.interval.ms").count() == 100);
  config.set("commit.interval.ms", "250");
  BOOST_TEST(config.get_millis("commit.interval.ms").count() == 250);
}

BOOST_AUTO_TEST_CASE(distinguishes_user_settings_from_defaults) {
  StreamsConfig config;
  BOOST_TEST(!config.is_set("num.stream.threads"));
  config.set("num.stream.threads", "1");
  BOOST_TEST(config.is_set("num.stream.threads"));
}

BOOST_AUTO_TEST_CASE(names_the_nearest_key_for_an_unknown_one) {
  const auto text = error_of("num.stream.thread", "2");
  BOOST_TEST(text ==
             "unknown configuration key \"num.stream.thread\" (value \"2\"): did you mean "
             "\"num.stream.threads\"?");
  BOOST_TEST(error_of("processing.garantee", "x").find("processing.guarantee") != std::string::npos);
  BOOST_TEST(error_of("consumers.auto.offset.reset", "x").find("consumer.auto.offset.reset") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(says_which_prefix_a_client_setting_needs) {
  BOOST_TEST(error_of("auto.offset.reset", "earliest").find("\"consumer.auto.offset.reset\"") != std::string::npos);
  BOOST_TEST(error_of("linger.ms", "5").find("\"producer.linger.ms\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(reads_the_older_name_unless_the_newer_is_given) {
  StreamsConfig config;
  config.set("default.deserialization.exception.handler", "log-and-continue");
  BOOST_TEST(config.get_string("deserialization.exception.handler") == "log-and-continue");
  BOOST_TEST(config.is_set("deserialization.exception.handler"));
  config.set("deserialization.exception.handler", "log-and-fail");
  BOOST_TEST(config.get_string("deserialization.exception.handler") == "log-and-fail");

  BOOST_TEST(StreamsConfig().set("cache.max.bytes.buffering", "7").get_int("statestore.cache.max.bytes") == 7);
}

BOOST_AUTO_TEST_CASE(documents_every_key_once) {
  std::set<std::string> seen;
  for (const auto& key : StreamsConfig::keys()) {
    BOOST_TEST_CONTEXT(key.key) {
      BOOST_TEST(seen.insert(key.key).second);
      BOOST_TEST(key.doc.size() > 10);
      BOOST_TEST(!key.type.empty());
    }
  }
}

BOOST_AUTO_TEST_CASE(has_all_keys_of_kafka_streams_with_the_same_defaults) {
  std::ifstream file(MILLRACE_CONFIG_KEYS);
  int keys = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    ++keys;
    const std::string key = line.substr(0, line.find(' '));
    const std::string java_default = line.substr(key.size() + 1);
    BOOST_TEST_CONTEXT(line) {
      const auto known = std::ranges::find(StreamsConfig::keys(), key, &StreamsConfig::KeyDoc::key);
      BOOST_TEST_REQUIRE((known != StreamsConfig::keys().end()));
      if (java_default == "-") {
        BOOST_TEST(known->default_value == "");
        continue;
      }
      StreamsConfig config;
      BOOST_TEST(error_of([&] { config.set(key, java_default); }) == "");
      if (kOtherDefaults.contains(key)) continue;
      // Classes of Kafka Streams are accepted without their package.
      BOOST_TEST(config.get_string(key).ends_with(known->default_value));
      BOOST_TEST((known->type == "class" || config.get_string(key) == known->default_value));
    }
  }
  BOOST_TEST(keys == 79);  // the number of keys in Kafka Streams 4.4.0
}

BOOST_AUTO_TEST_CASE(warns_about_keys_without_effect_unless_the_value_matches) {
  const auto warning = [](std::string_view key, std::string_view value) {
    const CapturedStderr said;
    minimal().set(key, value).validate();
    return said.text();
  };
  BOOST_TEST(warning("enable.transactional.statestores", "true") == "");
  BOOST_TEST(warning("enable.transactional.statestores", "false")
                 .find("enable.transactional.statestores = false has no effect") != std::string::npos);
  BOOST_TEST(warning("topology.description.push.enabled", "false") == "");
  BOOST_TEST(warning("topology.description.push.enabled", "true").find("has no effect") != std::string::npos);
  BOOST_TEST(warning("default.interactive.query.isolation.level", "read_committed").find("has no effect") !=
             std::string::npos);
  BOOST_TEST(warning("upgrade.from", "4.3").find("has no effect") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(accepts_its_own_defaults) {
  for (const auto& key : StreamsConfig::keys()) {
    if (key.default_value.empty()) continue;
    BOOST_TEST_CONTEXT(key.key) {
      BOOST_TEST(error_of(key.key, key.default_value) == "");
      BOOST_TEST(StreamsConfig().set(key.key, key.default_value).get_string(key.key) == key.default_value);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(StreamsConfigValues)

BOOST_AUTO_TEST_CASE(names_key_value_and_what_is_valid) {
  BOOST_TEST(error_of("num.stream.threads", "two") ==
             "configuration key \"num.stream.threads\" cannot be \"two\": it must be a whole number of at least 1");
  BOOST_TEST(error_of("num.stream.threads", "0").find("at least 1") != std::string::npos);
  BOOST_TEST(error_of("processing.guarantee", "exactly_once") ==
             "configuration key \"processing.guarantee\" cannot be \"exactly_once\": it must be one of at_least_once, "
             "exactly_once_v2");
  BOOST_TEST(error_of("enable.metrics.push", "yes").find("true or false") != std::string::npos);
  BOOST_TEST(error_of("commit.interval.ms", "-1").find("milliseconds") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(rejects_numbers_beyond_the_type) {
  BOOST_TEST(error_of("num.stream.threads", "2147483647") == "");
  BOOST_TEST(error_of("num.stream.threads", "2147483648") != "");
  BOOST_TEST(error_of("commit.interval.ms", "9223372036854775807") == "");
  BOOST_TEST(error_of("commit.interval.ms", "9223372036854775808") != "");
  BOOST_TEST(error_of("commit.interval.ms", "12ms") != "");
  BOOST_TEST(error_of("commit.interval.ms", "") != "");
}

BOOST_AUTO_TEST_CASE(trims_values_as_java_does) {
  BOOST_TEST(StreamsConfig().set("num.stream.threads", " 3 ").get_int("num.stream.threads") == 3);
}

BOOST_AUTO_TEST_CASE(knows_handlers_by_short_and_by_java_names) {
  const auto stored = [](std::string_view key, std::string_view value) {
    return StreamsConfig().set(key, value).get_string(key);
  };
  constexpr auto kDeserialization = "deserialization.exception.handler";
  BOOST_TEST(stored(kDeserialization, "log-and-continue") == "log-and-continue");
  BOOST_TEST(stored(kDeserialization, "LogAndContinueExceptionHandler") == "log-and-continue");
  BOOST_TEST(stored(kDeserialization, "org.apache.kafka.streams.errors.LogAndFailExceptionHandler") == "log-and-fail");
  BOOST_TEST(stored("processing.exception.handler", "LogAndContinueProcessingExceptionHandler") == "log-and-continue");
  BOOST_TEST(stored("production.exception.handler", "DefaultProductionExceptionHandler") == "log-and-fail");

  const auto text = error_of(kDeserialization, "com.example.Mine");
  BOOST_TEST(text.find("com.example.Mine") != std::string::npos);
  BOOST_TEST(text.find("log-and-continue") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(knows_timestamp_extractors_with_and_without_package) {
  constexpr auto kKey = "default.timestamp.extractor";
  BOOST_TEST(StreamsConfig().get_string(kKey) == "FailOnInvalidTimestamp");
  BOOST_TEST(
      StreamsConfig().set(kKey, "org.apache.kafka.streams.processor.WallclockTimestampExtractor").get_string(kKey) ==
      "WallclockTimestampExtractor");
  BOOST_TEST(error_of(kKey, "Mine") != "");
}

BOOST_AUTO_TEST_CASE(takes_broker_lists_and_the_embedded_broker) {
  for (const auto* const good : {"localhost:9092", "a:1, b:65535", "[::1]:9092", "embedded:data/broker"}) {
    BOOST_TEST(error_of("bootstrap.servers", good) == "", good << " is rejected");
  }
  for (const auto* const bad : {"", "localhost", "localhost:0", "localhost:65536", ":9092", "::1:9092",
                                "embedded:", "http://host:80", "a:1,b", "a b:9092"}) {
    BOOST_TEST(error_of("bootstrap.servers", bad) != "", bad << " is accepted");
  }
  BOOST_TEST(StreamsConfig().set("bootstrap.servers", "a:1 , b:2").get_string("bootstrap.servers") == "a:1,b:2");
}

BOOST_AUTO_TEST_CASE(checks_names_that_become_topic_names) {
  BOOST_TEST(error_of("application.id", "buy_stream-1.2") == "");
  for (const auto* const bad : {"", ".", "..", "buy stream", "buy/stream", "käse"}) {
    BOOST_TEST(error_of("application.id", bad) != "", bad << " is accepted");
  }
  BOOST_TEST(error_of("application.id", std::string(250, 'a')) != "");
  BOOST_TEST(error_of("errors.dead.letter.queue.topic.name", "") == "");
  BOOST_TEST(error_of("errors.dead.letter.queue.topic.name", "dead letters") != "");
}

BOOST_AUTO_TEST_CASE(combines_optimizations_but_not_all_and_none) {
  constexpr auto kKey = "topology.optimization";
  BOOST_TEST(StreamsConfig().set(kKey, "merge.repartition.topics, reuse.ktable.source.topics").get_string(kKey) ==
             "merge.repartition.topics,reuse.ktable.source.topics");
  BOOST_TEST(error_of(kKey, "all") == "");
  BOOST_TEST(error_of(kKey, "all,merge.repartition.topics") != "");
  BOOST_TEST(error_of(kKey, "some") != "");
}

BOOST_AUTO_TEST_CASE(ignores_case_where_java_does) {
  BOOST_TEST(StreamsConfig().set("security.protocol", "sasl_ssl").get_string("security.protocol") == "SASL_SSL");
  BOOST_TEST(StreamsConfig().set("enable.metrics.push", "False").get_bool("enable.metrics.push") == false);
  BOOST_TEST(error_of("processing.guarantee", "AT_LEAST_ONCE") != "");
}

BOOST_AUTO_TEST_CASE(refuses_to_read_a_key_as_another_type) {
  BOOST_TEST(error_of([] { (void)StreamsConfig().get_int("application.id"); }) != "");
  BOOST_TEST(error_of([] { (void)StreamsConfig().get_string("no.such.key"); }) != "");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(StreamsConfigClients)

BOOST_AUTO_TEST_CASE(passes_prefixed_settings_through_unchecked) {
  StreamsConfig config;
  config.set("consumer.fetch.min.bytes", "1").set("producer.linger.ms", "5").set("topic.retention.ms", "-1");
  BOOST_TEST((config.with_prefix("consumer.") == std::map<std::string, std::string>{{"fetch.min.bytes", "1"}}));
  BOOST_TEST((config.with_prefix("topic.") == std::map<std::string, std::string>{{"retention.ms", "-1"}}));
  BOOST_TEST(config.with_prefix("admin.").empty());
  BOOST_TEST(error_of("consumer.", "x") != "");
}

BOOST_AUTO_TEST_CASE(lets_the_more_special_prefix_win) {
  StreamsConfig config;
  config.set("consumer.fetch.min.bytes", "1").set("main.consumer.fetch.min.bytes", "2");
  BOOST_TEST(config.client_settings("main.consumer").at("fetch.min.bytes") == "2");
  BOOST_TEST(config.client_settings("restore.consumer").at("fetch.min.bytes") == "1");
  BOOST_TEST(config.client_settings("producer").empty());
}

BOOST_AUTO_TEST_CASE(gives_security_and_connection_settings_to_all_clients) {
  StreamsConfig config;
  config.set("security.protocol", "SSL").set("ssl.ca.location", "ca.pem").set("request.timeout.ms", "1000");
  config.set("admin.request.timeout.ms", "2000");
  for (const auto* const client : {"main.consumer", "producer", "admin"}) {
    const auto settings = config.client_settings(client);
    BOOST_TEST(settings.at("security.protocol") == "SSL");
    BOOST_TEST(settings.at("ssl.ca.location") == "ca.pem");
  }
  BOOST_TEST(config.client_settings("producer").at("request.timeout.ms") == "1000");
  BOOST_TEST(config.client_settings("admin").at("request.timeout.ms") == "2000");
  BOOST_TEST(!config.client_settings("producer").contains("metadata.max.age.ms"));  // not given: the client's default
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(StreamsConfigValidation)

BOOST_AUTO_TEST_CASE(needs_an_application_id_and_a_broker) {
  BOOST_TEST(error_of([] { minimal().validate(); }) == "");
  const auto no_id = error_of([] { StreamsConfig().set("bootstrap.servers", "a:1").validate(); });
  BOOST_TEST(no_id.find("application.id") != std::string::npos);
  const auto no_broker = error_of([] { StreamsConfig().set("application.id", "app").validate(); });
  BOOST_TEST(no_broker.find("bootstrap.servers") != std::string::npos);
  BOOST_TEST(error_of([] { StreamsConfig().set("application.id", "app").validate(true); }) == "");
}

BOOST_AUTO_TEST_CASE(refuses_client_settings_that_break_its_promises) {
  const auto refused = [](std::string_view key, std::string_view value, bool exactly_once) {
    auto config = minimal();
    config.set(key, value);
    if (exactly_once) config.set("processing.guarantee", "exactly_once_v2");
    return error_of([&] { config.validate(); }) != "";
  };
  BOOST_TEST(refused("consumer.group.id", "mine", false));
  BOOST_TEST(refused("main.consumer.enable.auto.commit", "true", false));
  BOOST_TEST(!refused("consumer.enable.auto.commit", "false", false));
  BOOST_TEST(refused("consumer.isolation.level", "read_uncommitted", true));
  BOOST_TEST(!refused("consumer.isolation.level", "read_uncommitted", false));
  BOOST_TEST(refused("producer.enable.idempotence", "false", true));
  BOOST_TEST(refused("producer.transactional.id", "mine", true));
}

BOOST_AUTO_TEST_CASE(refuses_settings_that_cannot_work_together_and_names_both) {
  using Settings = std::map<std::string, std::string>;
  const auto error = [](const Settings& settings) {
    auto config = minimal();
    for (const auto& [key, value] : settings) config.set(key, value);
    return error_of([&] { config.validate(); });
  };
  const auto names = [](const std::string& text, const std::string& low, const std::string& high) {
    return text.find("\"" + low) != std::string::npos && text.find("\"" + high) != std::string::npos;
  };
  const std::string eos = "exactly_once_v2";
  BOOST_TEST(names(error({{"processing.guarantee", eos}, {"commit.interval.ms", "30000"}}),
                   "commit.interval.ms\" (30000)", "producer.transaction.timeout.ms\" (10000)"));
  BOOST_TEST(names(error({{"processing.guarantee", eos},
                          {"commit.interval.ms", "30000"},
                          {"producer.transaction.timeout.ms", "20000"}}),
                   "commit.interval.ms\" (30000)", "producer.transaction.timeout.ms\" (20000)"));
  BOOST_TEST(error({{"processing.guarantee", eos},
                    {"commit.interval.ms", "30000"},
                    {"producer.transaction.timeout.ms", "30000"}}) == "");
  BOOST_TEST(error({{"processing.guarantee", eos}}) == "");
  BOOST_TEST(error({{"commit.interval.ms", "30000"}}) == "");
  BOOST_TEST(names(error({{"main.consumer.heartbeat.interval.ms", "50000"}}), "consumer.heartbeat.interval.ms",
                   "consumer.session.timeout.ms"));
  BOOST_TEST(names(error({{"consumer.session.timeout.ms", "400000"}}), "consumer.session.timeout.ms",
                   "consumer.max.poll.interval.ms"));
  BOOST_TEST(names(error({{"poll.ms", "300000"}}), "poll.ms", "consumer.max.poll.interval.ms"));
}

BOOST_AUTO_TEST_CASE(refuses_an_empty_state_dir) {
  StreamsConfig config;
  BOOST_CHECK_THROW(config.set("state.dir", ""), ConfigException);
  BOOST_CHECK_THROW(config.set("state.dir", "  "), ConfigException);
  BOOST_CHECK(!config.is_set("state.dir"));
}

BOOST_AUTO_TEST_CASE(shows_what_nobody_sees_in_a_key) {
  StreamsConfig config;
  BOOST_CHECK_EXCEPTION(config.set("\xEF\xBB\xBF"
                                   "application.id",
                                   "a"),
                        ConfigException, [](const auto& error) {
                          return std::string(error.what()).find("\"\\ufeffapplication.id\"") != std::string::npos;
                        });
  BOOST_CHECK_EXCEPTION(config.set("application.id", std::string("a\0b", 3)), ConfigException, [](const auto& error) {
    return std::string(error.what()).find("\"a\\x00b\"") != std::string::npos;
  });
}

BOOST_AUTO_TEST_SUITE_END()
