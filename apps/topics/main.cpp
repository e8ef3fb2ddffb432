// topics: looks into the topics of a Kafka cluster or an embedded broker.
#include <CLI/CLI.hpp>

#include "millrace/app/command_line.hpp"
#include "topics/commands.hpp"

int main(int argc, char** argv) {
  CLI::App cli("Shows topics and what is in them.", "topics");
  const millrace::CommonOptions common(cli);
  cli.require_subcommand(1);

  bool internal = false;
  auto* const list = cli.add_subcommand("list", "names all topics");
  list->add_flag("--internal", internal, "also the broker's own");

  std::string described;
  auto* const describe = cli.add_subcommand("describe", "shows a topic's partitions, offsets and settings");
  describe->add_option("topic", described)->required()->type_name("TOPIC");

  std::vector<std::string> removed;
  auto* const remove = cli.add_subcommand("delete", "deletes topics, with all their records");
  remove->add_option("topics", removed)->required()->type_name("TOPIC...");

  topics::CatOptions options;
  auto* const cat = cli.add_subcommand(
      "cat",
      "prints records as JSON lines: topic, partition, offset, timestamp, key, value, headers. Keys and values that "
      "are not UTF-8 come as {\"hex\": \"...\"}");
  cat->add_option("topic", options.topic)->required()->type_name("TOPIC");
  cat->add_option("--from", options.from,
                  "beginning, end, an offset, or a time in UTC (2012-01-03 or 2012-01-03T15:30:00)")
      ->type_name("WHERE")
      ->capture_default_str();
  cat->add_option("--partition", options.partition, "only this one")->type_name("P");
  cat->add_option("--count", options.count, "ends after so many records")->type_name("N");
  cat->add_flag("--follow,-f", options.follow, "waits for further records until Ctrl-C");
  cat->add_option("--isolation", options.isolation,
                  "read_committed, or read_uncommitted: also open and aborted transactions")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"read_committed", "read_uncommitted"}).description(""))
      ->capture_default_str();

  return millrace::run_command_line(cli, argc, argv, [&] {
    millrace::StopSignals signals;
    const auto broker = common.open_broker(&signals);
    if (list->parsed()) topics::list(*broker, internal);
    if (describe->parsed()) topics::describe(*broker, described);
    if (remove->parsed()) topics::remove(*broker, removed);
    if (cat->parsed()) topics::cat(*broker, options, common.config().client_settings("main.consumer"), signals);
    return millrace::kExitOk;
  });
}
