#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace buy_signals {

/// Shows how far a long piece of work is: a bar that redraws itself if standard error is a terminal, else a plain
/// line at every fifth of the way. Used by one thread.
class Progress {
 public:
  /// `what`: "rows replayed". Shows nothing if `quiet`.
  Progress(std::string what, std::uint64_t total, bool quiet = false);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(std::uint64_t done);

  /// Writes a line to standard output without the bar getting in its way; the next update() draws it again.
  void print(std::string_view line);

  /// Draws the last state and leaves the line.
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
  bool drawn_ = false;  ///< the cursor stands behind a bar
  bool finished_ = false;
  Clock::time_point next_draw_{};
  int next_fifth_ = 1;
};

}  // namespace buy_signals
