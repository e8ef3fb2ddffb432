// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "millrace/app/options.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"

// The live page of the pipeline, if Millrace was built with the library millrace::page. Without it, there is no --page.
#ifdef TRADES_WITH_PAGE
#include "millrace/page/page.hpp"
#endif

namespace trades {

#ifdef TRADES_WITH_PAGE

using PageChoice = millrace::page::PageArguments;
inline void add_page_choice(millrace::Options& options, PageChoice& choice) {
  millrace::page::add_page_options(options, choice);
}
[[nodiscard]] inline std::unique_ptr<millrace::page::LivePage> open_trades_page(const PageChoice& choice,
                                                                                millrace::Broker& broker) {
  using namespace millrace::page;
  return open_page(
      choice, broker,
      {.title = "Trades",
       .description = "Candles of one minute, marked trades of an unusual size.",
       .panels = {CandlePanel{.title = "Candles",
                              .topic = "candles",
                              .markers = {{.topic = "large_trades",
                                           .label = "large trade",
                                           .series = "symbol",
                                           .time = "time",
                                           .value = "price"}}},
                  TimeBarPanel{.title = "Trades per minute", .topic = "raw_data", .series = "symbol", .time = "time"},
                  TablePanel{.title = "Large trades",
                             .topic = "large_trades",
                             .columns = {{.title = "time", .field = "@timestamp"},
                                         {.title = "symbol", .field = "symbol"},
                                         {.title = "price", .field = "price"},
                                         {.title = "volume", .field = "volume"},
                                         {.title = "average", .field = "average"}}}}});
}
inline void serve_page(const std::unique_ptr<millrace::page::LivePage>& page, millrace::StopSignals& signals) {
  serve_until_stopped(page.get(), signals);
}

#else

struct PageChoice {};
inline void add_page_choice(millrace::Options& /*options*/, PageChoice& /*choice*/) {}
[[nodiscard]] inline bool open_trades_page(const PageChoice& /*choice*/, millrace::Broker& /*broker*/) { return false; }
inline void serve_page(bool /*page*/, millrace::StopSignals& /*signals*/) {}

#endif

}  // namespace trades
