// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <boost/test/unit_test.hpp>

#include "millrace/app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <fstream>

#include "captured.hpp"
#include "millrace/app/options.hpp"
#include "millrace/common/errors.hpp"
#include "support/temp_dir.hpp"

using namespace millrace;

namespace {

struct Run {
  int code = -1;
  bool ran = false;
  std::string out;
  std::string err;
  StreamsConfig config;
};

/// Runs a program `tool` with the common options. `body` is called after the program has read its config().
Run run(std::vector<const char*> arguments, StreamsConfig defaults = {}, const std::function<void()>& body = {}) {
  Run result;
  const Captured out(std::cout);
  const Captured err(std::cerr);
  CLI::App cli("A tool", "tool");
  CommonOptions common(cli, std::move(defaults));
  arguments.insert(arguments.begin(), "tool");
  result.code = run_command_line(cli, static_cast<int>(arguments.size()), arguments.data(), [&] {
    result.config = common.config();
    result.ran = true;
    if (body) body();
    return kExitOk;
  });
  result.out = out.text();
  result.err = err.text();
  return result;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(CommonOptionsSuite)

BOOST_AUTO_TEST_CASE(overlays_defaults_file_broker_and_settings_in_this_order) {
  const TempDir dir;
  const auto file = (dir.path() / "app.properties").string();
  std::ofstream(file) << "num.stream.threads=2\nbootstrap.servers=file:1\ncommit.interval.ms=5\n";
  StreamsConfig defaults;
  defaults.set("application.id", "tool").set("num.stream.threads", "1");

  const auto result =
      run({"-c", "commit.interval.ms=7", "--config", file.c_str(), "--bootstrap-servers", "cli:1"}, defaults);
  BOOST_TEST(result.code == kExitOk);
  BOOST_TEST(result.config.get_string("application.id") == "tool");
  BOOST_TEST(result.config.get_int("num.stream.threads") == 2);
  BOOST_TEST(result.config.get_string("bootstrap.servers") == "cli:1");
  BOOST_TEST(result.config.get_int("commit.interval.ms") == 7);
}

BOOST_AUTO_TEST_CASE(takes_repeated_settings_and_equals_signs_in_values) {
  const auto result = run({"-c", "producer.a=b=c", "-c", "num.stream.threads=3"});
  BOOST_TEST(result.config.with_prefix("producer.").at("a") == "b=c");
  BOOST_TEST(result.config.get_int("num.stream.threads") == 3);
}

BOOST_AUTO_TEST_CASE(takes_the_embedded_broker) {
  BOOST_TEST(run({"--broker", "embedded:dir"}).config.get_string("bootstrap.servers") == "embedded:dir");
}

BOOST_AUTO_TEST_CASE(keeps_state_beside_the_embedded_broker_unless_told_otherwise) {
  BOOST_TEST(run({"--broker", "embedded:dir"}).config.get_string("state.dir") == "dir/streams");
  BOOST_TEST(run({"--broker", "embedded:dir", "-c", "state.dir=x"}).config.get_string("state.dir") == "x");
  BOOST_TEST(!run({"--broker", "localhost:9092"}).config.is_set("state.dir"));
}

BOOST_AUTO_TEST_CASE(answers_wrong_settings_with_one_line_and_code_2) {
  const auto unknown = run({"-c", "num.stream.thread=2"});
  BOOST_TEST(unknown.code == kExitUsage);
  BOOST_TEST(unknown.err ==
             "tool: unknown configuration key \"num.stream.thread\" (value \"2\"): did you mean "
             "\"num.stream.threads\"?\n");
  BOOST_TEST(run({"-c", "nonsense"}).code == kExitUsage);
  BOOST_TEST(run({"-c", "=x"}).code == kExitUsage);
  BOOST_TEST(run({"--config", "no/such/file"}).code == kExitUsage);
  BOOST_TEST(run({"--broker", "nowhere"}).code == kExitUsage);
}

BOOST_AUTO_TEST_CASE(answers_wrong_usage_with_one_line_and_code_2) {
  for (const auto& arguments :
       std::vector<std::vector<const char*>>{{"--no-such-option"},
                                             {"--log-level", "loud"},
                                             {"--broker", "embedded:d", "--bootstrap-servers", "a:1"},
                                             {"-c"},
                                             {"extra"}}) {
    const auto result = run(arguments);
    BOOST_TEST_CONTEXT(arguments[0]) {
      BOOST_TEST(result.code == kExitUsage);
      BOOST_TEST(!result.ran);
      BOOST_TEST(result.err.starts_with("tool: "));
      BOOST_TEST(std::count(result.err.begin(), result.err.end(), '\n') == 1);
    }
  }
}

BOOST_AUTO_TEST_CASE(only_prints_help_when_asked_for_it) {
  const auto help = run({"--help"});
  BOOST_TEST(help.code == kExitOk);
  BOOST_TEST(!help.ran);
  for (const auto* const option :
       {"--broker", "--bootstrap-servers", "-c", "--config", "--log-level", "--version", "--help-config"}) {
    BOOST_TEST(contains(help.out, option), "--help lacks " << option);
  }

  const auto version = run({"--version"});
  BOOST_TEST(version.code == kExitOk);
  BOOST_TEST(!version.ran);
  BOOST_TEST(version.out.starts_with("tool (Millrace "));

  const auto keys = run({"--help-config"});
  BOOST_TEST(keys.code == kExitOk);
  BOOST_TEST(!keys.ran);
  for (const auto& key : StreamsConfig::keys()) BOOST_TEST(contains(keys.out, key.key), keys.out);
}

BOOST_AUTO_TEST_CASE(turns_failures_into_one_line_and_code_1) {
  const auto result = run({}, {}, [] { throw StreamsException("it broke\nbadly"); });
  BOOST_TEST(result.code == kExitFailure);
  BOOST_TEST(result.err == "tool: it broke badly\n");
}

BOOST_AUTO_TEST_CASE(reaches_subcommands) {
  CLI::App cli("A tool", "tool");
  CommonOptions common(cli);
  auto* const list = cli.add_subcommand("list");
  const char* const arguments[] = {"tool", "list", "--broker", "embedded:dir", "-c", "num.stream.threads=2"};
  const auto code = run_command_line(cli, 6, arguments, [&] {
    BOOST_TEST(list->parsed());
    BOOST_TEST(common.config().get_string("bootstrap.servers") == "embedded:dir");
    BOOST_TEST(common.config().get_int("num.stream.threads") == 2);
    return kExitOk;
  });
  BOOST_TEST(code == kExitOk);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(OptionsSuite)

BOOST_AUTO_TEST_CASE(binds_variables_and_shows_their_defaults) {
  std::string name = "x";
  std::int64_t count = 3;
  double threshold = 195.5;
  std::filesystem::path csv = "prices.csv";
  std::optional<std::string> start;
  bool quiet = false;
  CLI::App cli;
  Options(cli)
      .option("--name", name, "a name")
      .option("--count", count, "a count")
      .option("--threshold", threshold, "a threshold")
      .option("--csv", csv, "a file")
      .option("--from", start, "a start")
      .flag("--quiet", quiet, "less");
  BOOST_TEST(contains(cli.help(), "195.5"));
  BOOST_TEST(contains(cli.help(), "prices.csv"));

  const char* const none[] = {"tool"};
  BOOST_TEST(run_command_line(cli, 1, none, [] { return kExitOk; }) == kExitOk);
  BOOST_TEST(threshold == 195.5);
  BOOST_TEST(!start.has_value());

  const char* const all[] = {"tool", "--name", "y", "--count", "4", "--threshold",
                             "-1e3", "--csv",  "b", "--from",  "z", "--quiet"};
  BOOST_TEST(run_command_line(cli, 12, all, [] { return kExitOk; }) == kExitOk);
  BOOST_TEST(name == "y");
  BOOST_TEST(count == 4);
  BOOST_TEST(threshold == -1000);
  BOOST_TEST(csv == "b");
  BOOST_TEST((start == "z"));
  BOOST_TEST(quiet);
}

BOOST_AUTO_TEST_SUITE_END()
