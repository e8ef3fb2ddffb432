// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace buy_signals {

/// Shows the progress of a long task on standard error. On a terminal, it draws a bar. Otherwise it prints a line at
/// every fifth of the way. Used by one thread.
class Progress {
 public:
  /// `what` names the items, e.g. "rows replayed". With `quiet`, shows nothing.
  Progress(std::string what, std::uint64_t total, bool quiet = false);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Reports the number of finished items. The terminal is redrawn at most every 50 ms.
  void update(std::uint64_t done);

  /// Prints a line to standard output. Erases the bar first; the next update() draws it again.
  void print(std::string_view line);

  /// Draws the last state and ends the line. Further updates show nothing.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;

  void draw();
  void erase();

  std::string what_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  bool quiet_;
  bool terminal_;
  bool drawn_ = false;  ///< the cursor is at the end of a bar
  bool finished_ = false;
  Clock::time_point next_draw_{};
  int next_fifth_ = 1;
};

}  // namespace buy_signals
