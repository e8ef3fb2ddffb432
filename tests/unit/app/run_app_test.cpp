// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/app/app.hpp"

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include "captured.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/millrace.hpp"
#include "support/captured_stderr.hpp"
#include "support/temp_dir.hpp"

using namespace millrace;

namespace {

Topology copy(const std::string& to = "out") {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>("in").to(to);
  return builder.build();
}

/// The exit code and the output of a program.
struct Result {
  int code = -1;
  std::string out;
  std::string err;
};

Result run(const AppSpec& spec, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "bin/copier");
  std::vector<const char*> argv;
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  const Captured out(std::cout);
  const Captured err(std::cerr);
  Result result;
  result.code = run_app(static_cast<int>(argv.size()), argv.data(), spec);
  result.out = out.text();
  result.err = err.text();
  return result;
}

AppSpec copier() {
  return {.name = "copier", .topology = [](const StreamsConfig&) { return copy(); }};
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(RunApp)

BOOST_AUTO_TEST_CASE(describes_the_topology_in_three_forms_without_a_broker) {
  BOOST_TEST(run(copier(), {"--describe"}).out == copy().describe());
  BOOST_TEST(run(copier(), {"--describe=text"}).out == copy().describe());
  BOOST_TEST(run(copier(), {"--describe=mermaid"}).out == copy().describe_mermaid());
  BOOST_TEST(run(copier(), {"--describe=graphviz"}).out == copy().describe_graphviz());
  BOOST_TEST(run(copier(), {"--describe"}).code == kExitOk);

  const auto unknown = run(copier(), {"--describe=ascii"});
  BOOST_TEST(unknown.code == kExitUsage);
  BOOST_TEST(contains(unknown.err, "mermaid"));
}

BOOST_AUTO_TEST_CASE(is_named_after_the_executable_unless_told_otherwise) {
  std::string id;
  AppSpec spec{.topology = [&](const StreamsConfig& config) {
    id = config.get_string("application.id");
    return copy();
  }};
  run(spec, {"--describe"});
  BOOST_TEST(id == "copier");
  run(spec, {"--describe", "-c", "application.id=other"});
  BOOST_TEST(id == "other");
}

BOOST_AUTO_TEST_CASE(builds_the_topology_after_its_own_options_are_parsed) {
  std::string to = "out";
  const AppSpec spec{.options = [&](Options& options) { options.option("--to", to, "where to"); },
                     .topology = [&](const StreamsConfig&) { return copy(to); }};
  BOOST_TEST(contains(run(spec, {"--describe", "--to", "elsewhere"}).out, "elsewhere"));
  BOOST_TEST(contains(run(spec, {"--help"}).out, "--to"));
}

BOOST_AUTO_TEST_CASE(needs_a_broker_to_run) {
  const auto result = run(copier(), {});
  BOOST_TEST(result.code == kExitUsage);
  BOOST_TEST(contains(result.err, "--bootstrap-servers"));
}

BOOST_AUTO_TEST_CASE(reports_a_topology_that_cannot_be_built) {
  const AppSpec spec{.topology = [](const StreamsConfig&) -> Topology { throw TopologyException("no such thing"); }};
  const auto result = run(spec, {"--describe"});
  BOOST_TEST(result.code == kExitFailure);
  BOOST_TEST(result.err == "copier: no such thing\n");
}

BOOST_AUTO_TEST_CASE(reports_a_source_topic_that_is_missing) {
  const TempDir dir;
  const auto result = run(copier(), {"--broker", "embedded:" + dir.path().string(), "--log-level", "off"});
  set_log_level(LogLevel::info);
  BOOST_TEST(result.code == kExitFailure);
  BOOST_TEST(contains(result.err, "in"), result.err);
}

BOOST_AUTO_TEST_CASE(creates_missing_topics_if_it_is_told_to) {
  const TempDir dir;
  auto spec = copier();
  spec.before_start = [](Broker& broker, const StreamsConfig&) {
    broker.make_admin()->create_topic({"in", 2, -1, {}}, 10s);
  };
  spec.customize = [thread = pthread_self()](Streams& streams) {
    streams.set_state_listener([thread](Streams::State now, Streams::State) {
      if (now == Streams::State::running) pthread_kill(thread, SIGTERM);
    });
  };
  const std::string broker = "embedded:" + dir.path().string();
  const CapturedStderr log;
  const auto result = run(spec, {"--broker", broker, "--create-topics=3"});
  BOOST_TEST(result.code == kExitOk, result.err);
  BOOST_TEST(contains(log.text(), "created topic 'out' (sink 'KSTREAM-SINK-0000000001') with 3 partitions"));
  const auto admin = Broker::embedded(dir.path().string())->make_admin();
  BOOST_TEST(admin->describe_topic("in", 10s).value().partitions == 2);
  BOOST_TEST(admin->describe_topic("out", 10s).value().partitions == 3);
  BOOST_TEST(run(spec, {"--broker", broker, "--create-topics=0"}).code == kExitUsage);
}

BOOST_AUTO_TEST_CASE(does_not_make_a_broker_for_a_reset) {
  const TempDir dir;
  const auto result = run(copier(), {"--broker", "embedded:" + (dir.path() / "typo").string(), "--reset"});
  BOOST_TEST(result.code == kExitUsage);
  BOOST_TEST(contains(result.err, "there is no embedded broker in"), result.err);
  BOOST_TEST(std::filesystem::is_empty(dir.path()));
}

BOOST_AUTO_TEST_CASE(runs_until_a_signal_and_closes) {
  const TempDir dir;
  auto spec = copier();
  spec.before_start = [](Broker& broker, const StreamsConfig&) {
    for (const auto* const name : {"in", "out"}) broker.make_admin()->create_topic({name, 1, -1, {}}, 10s);
  };
  const auto thread = pthread_self();
  spec.customize = [&](Streams& streams) {
    streams.set_state_listener([thread](Streams::State now, Streams::State) {
      if (now == Streams::State::running) pthread_kill(thread, SIGTERM);
    });
  };
  const auto result = run(spec, {"--broker", "embedded:" + dir.path().string(), "--log-level", "warn"});
  set_log_level(LogLevel::info);
  BOOST_TEST(result.code == kExitOk, result.err);
}

BOOST_AUTO_TEST_CASE(shows_topics_up_to_their_ends) {
  const TempDir dir;
  // Stops as soon as the record was processed.
  AppSpec spec{.name = "copier", .topology = [thread = pthread_self()](const StreamsConfig&) {
                 StreamsBuilder builder;
                 builder.stream<std::string, std::string>("in")
                     .peek([thread](const std::string&) { pthread_kill(thread, SIGTERM); })
                     .to("out");
                 return builder.build();
               }};
  spec.before_start = [](Broker& broker, const StreamsConfig&) {
    for (const auto* const name : {"in", "out"}) broker.make_admin()->create_topic({name, 1, -1, {}}, 10s);
    const auto producer = broker.make_producer({}, nullptr);
    ProducerRecord record;
    record.topic = "in";
    record.key = "k";
    record.value = "v";
    record.timestamp = 0;
    producer->send(record, 0);
    producer->flush(10s);
  };
  const auto result =
      run(spec, {"--broker", "embedded:" + dir.path().string(), "--show", "out", "--log-level", "warn"});
  set_log_level(LogLevel::info);
  BOOST_TEST(result.code == kExitOk, result.err);
  BOOST_TEST(result.out == "1970-01-01 00:00:00.000Z  0:0  k  v\n");
  BOOST_TEST(run(spec, {"--show", "out=x"}).code == kExitUsage);
}

BOOST_AUTO_TEST_CASE(fails_if_its_last_work_was_not_committed) {
  struct Hook final : Processor<std::string, std::string> {
    void process(Record<std::string, std::string>) override {}
    void prepare_commit() override { throw std::runtime_error("cannot commit"); }
  };
  const TempDir dir;
  AppSpec spec{.name = "failing", .topology = [](const StreamsConfig&) {
                 StreamsBuilder builder;
                 builder.stream<std::string, std::string>("in").process([] { return std::make_unique<Hook>(); });
                 return builder.build();
               }};
  spec.customize = [thread = pthread_self()](Streams& streams) {
    streams.set_state_listener([thread](Streams::State now, Streams::State) {
      if (now == Streams::State::running) pthread_kill(thread, SIGTERM);
    });
  };
  const auto result = run(spec, {"--broker", "embedded:" + dir.path().string(), "--create-topics", "--log-level", "off",
                                 "-c", "commit.interval.ms=3600000"});
  set_log_level(LogLevel::info);
  BOOST_TEST(result.code == kExitFailure);
  BOOST_TEST(contains(result.err, "could not commit its last work"), result.err);
}

BOOST_AUTO_TEST_CASE(reports_dropped_records_and_reasons_at_the_end) {
  const TempDir dir;
  AppSpec spec{.name = "failing", .topology = [](const StreamsConfig&) {
                 StreamsBuilder builder;
                 builder.stream<std::string, std::string>("in")
                     .map_values([](const std::string&) -> std::string { throw std::runtime_error("no luck"); })
                     .for_each([](const std::string&) {});
                 return builder.build();
               }};
  spec.before_start = [](Broker& broker, const StreamsConfig&) {
    broker.make_admin()->create_topic({"in", 1, -1, {}}, 10s);
    const auto producer = broker.make_producer({}, nullptr);
    for (int i = 0; i < 3; ++i) {
      ProducerRecord record;
      record.topic = "in";
      record.key = "k";
      record.value = "v";
      producer->send(record, 0);
    }
    producer->flush(10s);
  };
  int failed = 0;
  spec.customize = [&, thread = pthread_self()](Streams& streams) {
    ExceptionHandlers handlers;
    handlers.processing = [&, thread](const ErrorContext&) {
      if (++failed == 3) pthread_kill(thread, SIGTERM);
      return HandlerResponse::resume();
    };
    streams.set_exception_handlers(handlers);
  };
  const CapturedStderr log;
  const auto result = run(spec, {"--broker", "embedded:" + dir.path().string()});
  BOOST_TEST(result.code == kExitOk, result.err);
  BOOST_TEST(contains(log.text(), "failing processed 3 records and dropped 3: 3 for processing-error"), log.text());
}

BOOST_AUTO_TEST_SUITE_END()
