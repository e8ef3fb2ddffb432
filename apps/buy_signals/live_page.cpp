// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/live_page.hpp"

#include "buy_signals/topics.hpp"
#ifdef MILLRACE_HAS_PAGE
#include "millrace/page/page.hpp"
#endif

namespace buy_signals {

#ifdef MILLRACE_HAS_PAGE

namespace {

using namespace millrace::page;

PageSpec spec() {
  // Observations are named `<symbol>@<day>`.
  const auto symbol = [](const char* id) { return Field(id).until("@"); };
  const auto day = [](const char* id) { return Field(id).behind("@"); };
  PageSpec page{.title = "Buy signals", .description = "Daily closes, the alerts above the threshold, and the buys"};
  page.panels.emplace_back(
      LinePanel{.title = "Close per symbol",
                .topic = topic::kPricelist,
                .value = "close",
                .series = "symbol",
                .unit = "US dollars",
                .markers = {{.topic = topic::kAlerts, .label = "alert", .series = symbol("id"), .time = day("id")},
                            {.topic = topic::kBuy, .label = "buy", .series = symbol("A_ID"), .time = day("A_ID")}}});
  page.panels.emplace_back(TablePanel{.title = "Buys",
                                      .topic = topic::kBuy,
                                      .columns = {{"Symbol", symbol("A_ID")}, {"Day", day("A_ID")}},
                                      .rows = 100});
  page.panels.emplace_back(BarPanel{.title = "Buys per symbol", .topic = topic::kBuy, .key = symbol("A_ID")});
  page.topics = {topic::kVariations};
  return page;
}

}  // namespace

class LivePage::Impl {
 public:
  PageArguments arguments;
  std::unique_ptr<millrace::page::LivePage> page;
};

void LivePage::add_options(millrace::Options& options) { add_page_options(options, impl_->arguments); }

void LivePage::open(millrace::Broker& broker) { impl_->page = open_page(impl_->arguments, broker, spec()); }

void LivePage::close() { impl_->page.reset(); }

void LivePage::serve_until_stopped(millrace::StopSignals& signals) const {
  millrace::page::serve_until_stopped(impl_->page.get(), signals);
}

#else

class LivePage::Impl {};

void LivePage::add_options(millrace::Options& /*options*/) {}
void LivePage::open(millrace::Broker& /*broker*/) {}
void LivePage::close() {}
void LivePage::serve_until_stopped(millrace::StopSignals& /*signals*/) const {}

#endif

LivePage::LivePage() : impl_(std::make_unique<Impl>()) {}
LivePage::~LivePage() = default;

}  // namespace buy_signals
