// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "app/reset_command.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "captured.hpp"
#include "millrace/app/app.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/millrace.hpp"
#include "support/temp_dir.hpp"

namespace millrace {
namespace {

using S = std::string;

struct Result {
  int code = -1;
  S out;
  S err;
};

/// A program that counts, on an embedded broker of its own.
struct Program {
  /// RocksDB's threads stay until the process ends. They must not get the signals of later tests, so they start while
  /// these signals are blocked.
  StopSignals signals;
  TempDir directory;
  S broker = "embedded:" + directory.path().string();

  Program() {
    const auto admin = Broker::embedded(directory.path().string())->make_admin();
    for (const char* name : {"in", "out", "counter-counts-changelog"}) {
      BOOST_REQUIRE(admin->create_topic({name, 1, -1, {}}, Millis(0)));
    }
  }
  Result run(std::vector<S> arguments) const {
    arguments.insert(arguments.begin(), {"counter", "--broker", broker});
    std::vector<const char*> argv;
    for (const S& argument : arguments) argv.push_back(argument.c_str());
    const Captured out(std::cout);
    const Captured err(std::cerr);
    Result result;
    result.code =
        run_app(static_cast<int>(argv.size()), argv.data(), {.topology = [](const StreamsConfig&) {
                  StreamsBuilder builder;
                  builder.stream<S, S>("in").group_by_key().count(Materialized::as("counts")).to_stream().to("out");
                  return builder.build();
                }});
    result.out = out.text();
    result.err = err.text();
    return result;
  }
  [[nodiscard]] bool has_changelog() const {
    const auto admin = Broker::embedded(directory.path().string())->make_admin();
    return admin->describe_topic("counter-counts-changelog", Millis(0)).has_value();
  }
};

bool contains(const S& text, const S& part) { return text.find(part) != S::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(ResetCommands)

BOOST_FIXTURE_TEST_CASE(print_the_changes_and_make_them_only_with_execute, Program) {
  const Result dry = run({"--reset"});
  BOOST_TEST(dry.code == kExitOk);
  BOOST_TEST(contains(dry.out, "reset input in-0: offset (none) -> 0\n"));
  BOOST_TEST(contains(dry.out, "delete internal topic counter-counts-changelog\n"));
  BOOST_TEST(contains(dry.out, "Nothing has been changed"));
  BOOST_TEST(has_changelog());
  const Result done = run({"--reset", "--execute"});
  BOOST_TEST(done.code == kExitOk);
  BOOST_TEST(contains(done.out, "The application is reset"));
  BOOST_TEST(!has_changelog());
}

BOOST_FIXTURE_TEST_CASE(refuse_options_that_do_not_fit, Program) {
  BOOST_TEST(run({"--execute"}).code == kExitUsage);
  BOOST_TEST(run({"--reset", "--to-latest", "--to-offset", "3"}).code == kExitUsage);
  const Result unknown = run({"--reset", "--input-topics", "in,other"});
  BOOST_TEST(unknown.code == kExitUsage);
  BOOST_TEST(contains(unknown.err, "'other' is no input topic of the application (--input-topics)"));
  BOOST_TEST(run({"--reset", "--to-datetime", "yesterday"}).code == kExitUsage);
  BOOST_TEST(run({"--reset", "--from-file", "/does/not/exist"}).code == kExitUsage);
}

BOOST_AUTO_TEST_CASE(read_times_as_kafka_s_tool) {
  BOOST_TEST(parse_datetime("1970-01-02T00:00:00.000") == 86'400'000);
  BOOST_TEST(parse_datetime("1970-01-02T00:00:00.000Z") == 86'400'000);
  BOOST_TEST(parse_datetime("1970-01-01T01:00:00.001+01:00") == 1);
  BOOST_TEST(parse_datetime("1970-01-01T00:00:00.000-0130") == 5'400'000);
  BOOST_TEST(parse_datetime("2024-02-29T12:30:15.250") == 1'709'209'815'250);
  for (const char* wrong : {"", "1970-01-01", "1970-13-01T00:00:00.000", "2023-02-29T00:00:00.000",
                            "1970-01-01T24:00:00.000", "1970-01-01T00:00:00.000X"}) {
    BOOST_CHECK_THROW((void)parse_datetime(wrong), ConfigException);
  }
}

BOOST_AUTO_TEST_CASE(read_durations_as_java) {
  BOOST_TEST(parse_duration("P1D").count() == 86'400'000);
  BOOST_TEST(parse_duration("P1DT2H3M4.5S").count() == 93'784'500);
  BOOST_TEST(parse_duration("PT30S").count() == 30'000);
  for (const char* wrong : {"", "P", "PT", "P1DT", "1D", "P1H", "PT1D"}) {
    BOOST_CHECK_THROW((void)parse_duration(wrong), ConfigException);
  }
}

BOOST_AUTO_TEST_CASE(read_the_offsets_of_a_file) {
  const TempDir directory;
  const S file = (directory.path() / "plan.csv").string();
  std::ofstream(file) << "in,0,5\n\nin, 1, 17\r\n";
  BOOST_TEST((read_offsets(file) == std::map<TopicPartition, std::int64_t>{{{"in", 0}, 5}, {{"in", 1}, 17}}));
  std::ofstream(file) << "in,0\n";
  BOOST_CHECK_THROW((void)read_offsets(file), ConfigException);
  std::ofstream(file) << "";
  BOOST_CHECK_THROW((void)read_offsets(file), ConfigException);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace
