// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "millrace/app/options.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"
#include "tweets/topics.hpp"

// The live page of the pipeline, if Millrace was built with the library millrace::page. Without it, there is no --page.
#ifdef TWEETS_WITH_PAGE
#include "millrace/page/page.hpp"
#endif

namespace tweets {

#ifdef TWEETS_WITH_PAGE

using PageChoice = millrace::page::PageArguments;
inline void add_page_choice(millrace::Options& options, PageChoice& choice) {
  millrace::page::add_page_options(options, choice);
}
[[nodiscard]] inline std::unique_ptr<millrace::page::LivePage> open_tweets_page(const PageChoice& choice,
                                                                                millrace::Broker& broker) {
  using namespace millrace::page;
  return open_page(choice, broker,
                   {.title = "Tweets",
                    .description = "Hashtags per minute, and tweets per language. Each tweet counts once.",
                    .panels = {TimeBarPanel{.title = "Hashtags per minute",
                                            .topic = topic::kHashtags,
                                            .series = "hashtag",
                                            .value = "count",
                                            .time = "start",
                                            .repeated = Repeated::replace,
                                            .unit = "tweets"},
                               BarPanel{.title = "Tweets per language",
                                        .topic = topic::kLanguages,
                                        .key = "language",
                                        .value = "count",
                                        .repeated = Repeated::replace,
                                        .unit = "tweets"},
                               TablePanel{.title = "Latest tweets",
                                          .topic = topic::kTweets,
                                          .columns = {{"time", "created_at"},
                                                      {"user", "user.screen_name"},
                                                      {"language", "lang"},
                                                      {"text", "text"}}}}});
}
inline void serve_page(const std::unique_ptr<millrace::page::LivePage>& page, millrace::StopSignals& signals) {
  serve_until_stopped(page.get(), signals);
}

#else

struct PageChoice {};
inline void add_page_choice(millrace::Options& /*options*/, PageChoice& /*choice*/) {}
[[nodiscard]] inline bool open_tweets_page(const PageChoice& /*choice*/, millrace::Broker& /*broker*/) { return false; }
inline void serve_page(bool /*page*/, millrace::StopSignals& /*signals*/) {}

#endif

}  // namespace tweets
