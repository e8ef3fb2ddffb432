// SPDX-License-Identifier: Apache-2.0
// dashboard: a live page for any topics with JSON values.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "dashboard/guess.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/page/page.hpp"

namespace {

using namespace dashboard;
using namespace millrace;

constexpr Millis kBrokerTimeout{10'000};
/// How many of the latest records of each partition are looked at.
constexpr std::int64_t kLookAt = 200;

struct Arguments {
  std::vector<std::string> topics;
  std::string title;
  Choice choice;
  page::PageArguments page{.port = "0"};
};

/// Looks at the latest records. Throws ConfigException if the topic does not exist.
Guess look_at(Broker& broker, const ClientConfig& config, const std::string& topic) {
  const auto description = broker.make_admin()->describe_topic(topic, kBrokerTimeout);
  if (!description) {
    throw ConfigException(
        fmt::format("{} has no topic '{}'; topics list shows those that it has", broker.address(), topic));
  }
  auto settings = config;
  settings["isolation.level"] = "read_committed";
  const auto consumer = broker.make_consumer(settings);
  Guess guess(topic);
  std::vector<ConsumerRecord> records;
  for (std::int32_t partition = 0; partition < description->partitions; ++partition) {
    const TopicPartition id{topic, partition};
    const auto [low, high] = consumer->query_watermarks(id, kBrokerTimeout);
    const auto start = std::max(low, high - kLookAt);
    if (start >= high) continue;
    consumer->assign({{id, start}});
    const auto until = Clock::system().monotonic_ms() + kBrokerTimeout.count();
    while (consumer->position(id).value_or(start) < high && Clock::system().monotonic_ms() < until) {
      records.clear();
      consumer->poll(records, kLookAt, Millis(100));
      for (const auto& record : records) {
        if (record.value) guess.look(*record.value);
      }
    }
  }
  return guess;
}

page::PageSpec make_spec(const Arguments& arguments, const std::vector<Guess>& guesses) {
  page::PageSpec spec;
  spec.title = arguments.title.empty() ? fmt::format("{}", fmt::join(arguments.topics, ", ")) : arguments.title;
  for (const auto& guess : guesses) {
    for (auto& panel : guess.panels(arguments.choice)) spec.panels.push_back(std::move(panel));
  }
  return spec;
}

int run(Arguments arguments, const CommonOptions& common) {
  StopSignals signals;
  const auto broker = common.open_broker(&signals, IfMissing::fail, IfInUse::read_only);
  const auto consumer = common.config().client_settings("main.consumer");
  const auto look = [&] {
    std::vector<Guess> guesses;
    for (const auto& topic : arguments.topics) guesses.push_back(look_at(*broker, consumer, topic));
    return guesses;
  };
  const auto empty = [](const std::vector<Guess>& guesses) {
    return std::ranges::count_if(guesses, [](const Guess& guess) { return guess.records() == 0; });
  };
  auto guesses = look();
  auto live = page::open_page(arguments.page, *broker, make_spec(arguments, guesses), {.consumer = consumer});
  // A topic without records tells nothing about its fields. The page is made again when there are some; the browsers
  // notice.
  while (!signals.wait_for(Millis(1000))) {
    const auto before = empty(guesses);
    if (before == 0) continue;
    try {
      guesses = look();
    } catch (const StreamsException&) {
      continue;  // the page says what is wrong with the broker
    }
    if (empty(guesses) == before) continue;
    arguments.page.port = std::to_string(live->port());
    live.reset();
    live = page::open_page(arguments.page, *broker, make_spec(arguments, guesses), {.consumer = consumer});
  }
  return kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli(
      "Serves a web page that shows topics with JSON values as they grow, until Ctrl-C. Looks at the records to find "
      "numbers, times and names; the options say it otherwise.",
      "dashboard");
  const CommonOptions common(cli);
  Arguments arguments;
  cli.add_option("TOPIC", arguments.topics, "topics to show")->required();
  cli.add_option("--field", arguments.choice.fields, "a number to draw, e.g. price or order.total; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  cli.add_option("--series", arguments.choice.series, "the field that names the line or the bar; @key is the key");
  cli.add_option("--time", arguments.choice.time, "the field with the time; @timestamp is that of the record");
  cli.add_option("--kind", arguments.choice.kind, "what to draw")
      ->check(CLI::IsMember({"auto", "line", "candles", "bars", "timebars", "table"}))
      ->capture_default_str();
  cli.add_option("--title", arguments.title, "the title of the page");
  Options options(cli);
  add_page_options(options, arguments.page);
  return run_command_line(cli, argc, argv, [&] { return run(arguments, common); });
}
