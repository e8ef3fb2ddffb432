// buy_monitor: shows the topic `buy` in a terminal as it comes.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>

#include "buy_signals/buy_monitor/buy_reader.hpp"
#include "millrace/app/command_line.hpp"
#include "millrace/app/stop_signals.hpp"

namespace {

using namespace buy_signals;

/// How late Ctrl-C may be noticed.
constexpr millrace::Millis kPollTimeout{100};

int monitor(const millrace::CommonOptions& common, BuyReader::From from, std::uint64_t count) {
  millrace::StopSignals signals;
  const auto broker = common.open_broker(&signals);
  BuyReader buys{*broker, from, common.config().client_settings("main.consumer")};
  std::uint64_t shown = 0;
  while (shown < count && !signals.requested()) {
    buys.poll(kPollTimeout, [&](const std::string& id) {
      if (shown == count) return;
      fmt::print("{}\n", show_buy(id));
      ++shown;
    });
    std::fflush(stdout);
  }
  return millrace::kExitOk;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli("Shows each buy (symbol and day) as it is found, until Ctrl-C. Reads only what was committed.",
               "buy_monitor");
  const millrace::CommonOptions common(cli);
  auto from = BuyReader::From::beginning;
  auto count = std::numeric_limits<std::uint64_t>::max();
  cli.add_flag_callback(
      "--new-only", [&] { from = BuyReader::From::end; }, "leaves out the buys that are there already");
  cli.add_option("--count", count, "ends after so many buys")->type_name("N");
  return millrace::run_command_line(cli, argc, argv, [&] { return monitor(common, from, count); });
}
