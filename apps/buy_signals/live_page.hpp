// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "millrace/app/options.hpp"
#include "millrace/app/stop_signals.hpp"
#include "millrace/broker/broker.hpp"

namespace buy_signals {

/// The live page of the buy signals: the options `--page` and `--page-address`, and the page. The same in each program.
/// If Millrace was built without its component `page`, there are no such options, and nothing is done.
class LivePage {
 public:
  LivePage();
  ~LivePage();
  LivePage(const LivePage&) = delete;
  LivePage& operator=(const LivePage&) = delete;

  void add_options(millrace::Options& options);
  /// Opens the page, if `--page` was given. Throws ConfigException. `broker` is used in this call only.
  void open(millrace::Broker& broker);
  /// Closes the page. Nothing happens if it is not open.
  void close();
  /// For a program whose work is done: if there is a page, waits for a stop signal.
  void serve_until_stopped(millrace::StopSignals& signals) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace buy_signals
