// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "millrace/app/options.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/page/spec.hpp"

namespace millrace::page {

struct PageOptions {
  /// The address to listen on, an IP address or `localhost`. Everyone who reaches it can read the page: there are no
  /// passwords. `0.0.0.0` and `::` are all addresses of this machine.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: a free one
  /// Further settings of the consumer, e.g. `config.client_settings("main.consumer")`.
  ClientConfig consumer = {};
  /// The page starts with at most this number of the latest offsets of each partition.
  std::int64_t history = 500'000;
  /// The largest number of points in memory, for each panel. Each point takes 16 to 64 bytes. The oldest go first.
  std::size_t max_points = 1'000'000;
  /// The largest number of viewers at a time; further ones are told so.
  std::size_t max_viewers = 32;
};

/// Serves a web page that shows topics as they grow: an HTTP server of its own, with one consumer (read_committed, no
/// group) that all viewers share. Read-only.
///
/// Threads   thread-safe; it has two threads of its own
/// Lifetime  `broker` is used in the constructor only. The destructor closes all connections, and takes less than a
///           second
/// Errors    The constructor throws ConfigException if the address cannot be used, and for a wrong spec. Afterwards
///           nothing is thrown: trouble with the broker is logged, shown on the page, and tried again. A topic that
///           does not exist is waited for.
class LivePage {
 public:
  LivePage(Broker& broker, const PageSpec& spec, const PageOptions& options = {});
  ~LivePage();
  LivePage(const LivePage&) = delete;
  LivePage& operator=(const LivePage&) = delete;

  /// Where the page is, e.g. `http://127.0.0.1:8080/`.
  [[nodiscard]] std::string url() const;
  /// The port that it listens on.
  [[nodiscard]] std::uint16_t port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// The values of `--page` and `--page-address`.
struct PageArguments {
  std::optional<std::string> port;  ///< unset: no page
  std::string address = "127.0.0.1";

  [[nodiscard]] bool wanted() const { return port.has_value(); }
};

/// Adds `--page PORT` and `--page-address ADDRESS`. `arguments` must outlive the parsing.
void add_page_options(Options& options, PageArguments& arguments);

/// Opens the page and prints its URL to standard error. Null without `--page`. Throws ConfigException for a wrong port
/// or address.
///
/// In a program of run_app(), call it in `before_start`, and keep the result in a variable of main().
[[nodiscard]] std::unique_ptr<LivePage> open_page(const PageArguments& arguments, Broker& broker, const PageSpec& spec,
                                                  PageOptions options = {});

/// For a program whose work is done: says that the page stays, and waits for a stop signal. Returns at once if `page`
/// is null, or if a signal has come.
void serve_until_stopped(const LivePage* page, StopSignals& signals);

}  // namespace millrace::page
