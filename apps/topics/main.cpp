// SPDX-License-Identifier: Apache-2.0
// topics: creates, fills and shows the topics of a Kafka cluster or of an embedded broker.
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "millrace/app/bytes_format.hpp"
#include "millrace/app/command_line.hpp"
#include "topics/commands.hpp"

namespace {

/// Adds a KEY=VALUE. A later value of a key replaces an earlier one.
template <class Settings>
void put(Settings& settings, const std::string& pair) {
  const auto equals = pair.find('=');
  if (equals == std::string::npos) throw CLI::ValidationError("--set", "'" + pair + "' is not KEY=VALUE");
  settings.insert_or_assign(pair.substr(0, equals), pair.substr(equals + 1));
}

void add_put_options(CLI::App& put, topics::PutOptions& options) {
  using topics::InputFormat;
  auto& input = options.input;
  put.add_option("topic", options.topic)->required()->type_name("TOPIC");
  static const std::map<std::string, InputFormat> kFormats{{"lines", InputFormat::lines},
                                                           {"json", InputFormat::json},
                                                           {"records", InputFormat::records},
                                                           {"csv", InputFormat::csv}};
  put.add_option_function<std::string>(
         "--format", [&input](const std::string& name) { input.format = kFormats.at(name); },
         "lines: each line is a value, or a key and a value with --key-separator; json: each line is a JSON value; "
         "records: each line is a record as cat prints it; csv: a line with names, then rows, which become JSON "
         "objects")
      ->type_name("FORMAT")
      ->check(CLI::IsMember(kFormats).description(""))
      ->default_str("lines");
  put.add_option("--key-separator", input.key_separator,
                 "lines: the text between key and value in a line; without this option, records have no key")
      ->type_name("TEXT");
  put.add_option("--key-field", input.key_field,
                 "json, csv: the field that is also the record's key, such as id or customer.id")
      ->type_name("FIELD");
  put.add_option("--timestamp-field", input.timestamp_field,
                 "json, csv: the field with the record's time, in ms since 1970 or in UTC (2012-01-03T15:30:00.250Z); "
                 "without this option, the present time")
      ->type_name("FIELD");
  put.add_option("--null-value", input.null_value,
                 "lines, json: a value that equals this text is written as null (a tombstone); csv: such a field "
                 "becomes null")
      ->type_name("TEXT");
  put.add_option_function<std::vector<std::string>>(
         "--headers",
         [&options](const std::vector<std::string>& pairs) {
           for (const auto& pair : pairs) {
             const auto equals = pair.find('=');
             if (equals == std::string::npos || equals == 0) {
               throw CLI::ValidationError("--headers", "'" + pair + "' is not NAME=VALUE");
             }
             options.headers.push_back({pair.substr(0, equals), pair.substr(equals + 1)});
           }
         },
         "a header that each record gets; may be given several times")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

void add_cat_options(CLI::App& cat, topics::CatOptions& options) {
  cat.add_option("topic", options.topic)->required()->type_name("TOPIC");
  cat.add_option("--key", options.key, "how keys are shown: " + std::string(millrace::kBytesFormatNames))
      ->type_name("FORMAT")
      ->capture_default_str();
  cat.add_option("--value", options.value, "how values are shown; json shows JSON nested instead of as a string")
      ->type_name("FORMAT")
      ->capture_default_str();
  cat.add_flag("--print", options.for_people,
               "lines for people instead of JSON: time, partition:offset, key, value, headers");
  cat.add_option("--where", options.where,
                 "only records with this field in their JSON value, such as symbol=IBM or order.lines.0.id=7; key=... "
                 "compares the key; may be given several times, then all must hold")
      ->type_name("FIELD=VALUE")
      ->check([](const std::string& text) {
        return text.find('=') == std::string::npos || text.front() == '=' ? "'" + text + "' is not FIELD=VALUE" : "";
      })
      ->allow_extra_args(false);
  cat.add_option("--from", options.from,
                 "beginning, end, an offset, or a time in UTC (2012-01-03 or 2012-01-03T15:30:00)")
      ->type_name("WHERE")
      ->capture_default_str();
  cat.add_option("--partition", options.partition, "only this partition")->type_name("P");
  auto* const count = cat.add_option("--count", options.count, "ends after this number of records")->type_name("N");
  cat.add_option("--tail", options.tail, "only the last N records of all partitions together, by their time")
      ->type_name("N")
      ->excludes(count);
  cat.add_flag("--follow,-f", options.follow, "waits for further records until Ctrl-C");
  cat.add_option("--isolation", options.isolation,
                 "read_committed, or read_uncommitted: also open and aborted transactions")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"read_committed", "read_uncommitted"}).description(""))
      ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Makes topics, fills them, and shows what is in them.", "topics");
  const millrace::CommonOptions common(cli);
  // The subcommands fill these variables. The lambda at the end runs the one that was given.
  cli.require_subcommand(1);

  bool internal = false;
  auto* const list = cli.add_subcommand("list", "lists all topics");
  list->add_flag("--internal", internal, "also the topics of the broker itself");

  std::string described;
  auto* const describe = cli.add_subcommand("describe", "shows a topic's partitions, offsets and settings");
  describe->add_option("topic", described)->required()->type_name("TOPIC");

  std::vector<std::string> created;
  std::int32_t partitions = 1;
  std::map<std::string, std::string> settings;
  auto* const create = cli.add_subcommand("create", "makes topics that are missing");
  create->add_option("topics", created)->required()->type_name("TOPIC...");
  create->add_option("--partitions", partitions)->type_name("N")->capture_default_str();
  create
      ->add_option_function<std::vector<std::string>>(
          "--set",
          [&](const std::vector<std::string>& pairs) {
            for (const auto& pair : pairs) put(settings, pair);
          },
          "a setting of the topics, such as retention.ms=-1; may be given several times")
      ->type_name("KEY=VALUE");

  std::vector<std::string> altered;
  std::map<std::string, std::optional<std::string>> changes;
  auto* const alter = cli.add_subcommand("alter", "changes settings of topics");
  alter->add_option("topics", altered)->required()->type_name("TOPIC...");
  alter
      ->add_option_function<std::vector<std::string>>(
          "--set",
          [&](const std::vector<std::string>& pairs) {
            for (const auto& pair : pairs) put(changes, pair);
          },
          "the new value of a setting, such as retention.ms=-1; may be given several times")
      ->type_name("KEY=VALUE");
  alter
      ->add_option_function<std::vector<std::string>>(
          "--unset",
          [&](const std::vector<std::string>& keys) {
            for (const auto& key : keys) changes.insert_or_assign(key, std::nullopt);
          },
          "a setting that gets the broker's default again; may be given several times")
      ->type_name("KEY");

  topics::PutOptions put_options;
  auto* const put = cli.add_subcommand("put", "writes each line of standard input as a record");
  add_put_options(*put, put_options);

  std::vector<std::string> removed;
  auto* const remove = cli.add_subcommand("delete", "deletes topics, with all their records");
  remove->add_option("topics", removed)->required()->type_name("TOPIC...");

  topics::CatOptions options;
  auto* const cat = cli.add_subcommand(
      "cat",
      "prints records as JSON lines: topic, partition, offset, timestamp, key, value, headers. Keys and values that "
      "are not UTF-8, or do not fit --key or --value, are printed as {\"hex\": \"...\"}");
  add_cat_options(*cat, options);

  return millrace::run_command_line(cli, argc, argv, [&] {
    // Before the first client, see StopSignals.
    millrace::StopSignals signals;
    // The other subcommands need a topic that exists.
    const auto if_missing = create->parsed() ? millrace::IfMissing::create : millrace::IfMissing::fail;
    // An application may run on the embedded broker while a user looks at its topics.
    const bool reads = list->parsed() || describe->parsed() || cat->parsed();
    const auto if_in_use = reads ? millrace::IfInUse::read_only : millrace::IfInUse::fail;
    const auto broker = common.open_broker(&signals, if_missing, if_in_use);
    if (list->parsed()) topics::list(*broker, internal);
    if (describe->parsed()) topics::describe(*broker, described);
    if (create->parsed()) topics::create(*broker, created, partitions, settings);
    if (alter->parsed()) topics::alter(*broker, altered, changes);
    if (put->parsed()) topics::put(*broker, put_options, common.config().client_settings("producer"), std::cin);
    if (remove->parsed()) topics::remove(*broker, removed);
    if (cat->parsed()) topics::cat(*broker, options, common.config().client_settings("main.consumer"), signals);
    return millrace::kExitOk;
  });
}
