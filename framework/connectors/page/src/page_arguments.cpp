// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/page/page.hpp"

namespace millrace::page {
namespace {

std::uint16_t parsed_port(const std::string& text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  if (error != std::errc{} || rest != end) {
    throw ConfigException(fmt::format("--page {}: write a port from 0 to 65535; 0 is a free one", text));
  }
  return port;
}

}  // namespace

void add_page_options(Options& options, PageArguments& arguments) {
  options
      .option("--page", arguments.port,
              "serves a live page on this port: a web page that shows the topics as they grow; 0: a free port")
      .option("--page-address", arguments.address,
              "the address of this machine on which the live page listens; everyone who reaches it can read the page");
}

std::unique_ptr<LivePage> open_page(const PageArguments& arguments, Broker& broker, const PageSpec& spec,
                                    PageOptions options) {
  if (!arguments.wanted()) return nullptr;
  options.address = arguments.address;
  options.port = parsed_port(*arguments.port);
  auto page = std::make_unique<LivePage>(broker, spec, options);
  fmt::print(stderr, "Live page: {}\n", page->url());
  return page;
}

void serve_until_stopped(const LivePage* page, StopSignals& signals) {
  if (page == nullptr || signals.requested()) return;
  fmt::print(stderr, "The work is done. The live page stays until Ctrl-C: {}\n", page->url());
  while (!signals.wait_for(Millis(1000))) {
  }
}

}  // namespace millrace::page
