// SPDX-License-Identifier: Apache-2.0
// buy_monitor: shows the records of the topic `buy` in a terminal as they arrive.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>

#include "buy_signals/live_page.hpp"
#include "buy_signals/tail/buy_text.hpp"
#include "buy_signals/tail/topic_tail.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/app/stop_signals.hpp"

namespace {

using namespace buy_signals;

/// How late the program may notice Ctrl-C.
constexpr millrace::Millis kPollTimeout{100};

/// Shows up to `count` buys. Returns the exit code.
int monitor(const millrace::CommonOptions& common, TopicTail::From from, std::uint64_t count, LivePage& page) {
  millrace::StopSignals signals;
  const auto broker = common.open_broker(&signals);
  page.open(*broker);
  TopicTail buys{*broker, {topic::kBuy}, from, common.config().client_settings("main.consumer")};
  std::uint64_t shown = 0;
  while (shown < count && !signals.requested()) {
    buys.poll(kPollTimeout, [&](const millrace::ConsumerRecord& record) {
      const auto text = shown < count ? buy_text(record) : std::nullopt;
      if (!text) return;
      fmt::print("{}\n", *text);
      ++shown;
    });
    std::fflush(stdout);
  }
  page.serve_until_stopped(signals);
  return millrace::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Shows each buy (symbol and day) as it is found, until Ctrl-C. Reads only what was committed.",
               "buy_monitor");
  const millrace::CommonOptions common(cli);
  millrace::Options options(cli);
  LivePage page;
  page.add_options(options);
  auto from = TopicTail::From::beginning;
  auto count = std::numeric_limits<std::uint64_t>::max();
  cli.add_flag_callback(
      "--new-only", [&] { from = TopicTail::From::end; }, "shows only buys that arrive from now on");
  cli.add_option("--count", count, "ends after this number of buys")->type_name("N");
  return millrace::run_command_line(cli, argc, argv, [&] { return monitor(common, from, count, page); });
}
