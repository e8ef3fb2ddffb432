// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/terminal/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

namespace buy_signals {
namespace {

/// Characters.
constexpr int kBarWidth = 30;
constexpr std::chrono::milliseconds kRedrawInterval{50};

}  // namespace

Progress::Progress(std::string what, std::uint64_t total, bool quiet)
    : what_(std::move(what)), total_(total), quiet_(quiet), terminal_(isatty(STDERR_FILENO) != 0) {
  if (terminal_) draw();
}

Progress::~Progress() { finish(); }

void Progress::update(std::uint64_t done) {
  done_ = done;
  // The total is an estimate.
  total_ = std::max(total_, done);
  if (quiet_ || finished_) return;
  if (terminal_) {
    if (!drawn_ || Clock::now() >= next_draw_) draw();
    return;
  }
  // Without a terminal, prints one line at every fifth.
  if (total_ == 0 || done_ * 5 / total_ < static_cast<std::uint64_t>(next_fifth_)) return;
  next_fifth_ = static_cast<int>(done_ * 5 / total_) + 1;
  fmt::print(stderr, "{} of {} {} ({} %)\n", fmt::group_digits(done_), fmt::group_digits(total_), what_,
             done_ * 100 / total_);
}

void Progress::print(std::string_view line) {
  erase();
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void Progress::finish() {
  if (finished_) return;
  if (terminal_ && !quiet_) {
    draw();
    fmt::print(stderr, "\n");
  }
  drawn_ = false;
  finished_ = true;
}

void Progress::draw() {
  if (quiet_) return;
  const double part = total_ == 0 ? 1.0 : static_cast<double>(done_) / static_cast<double>(total_);
  const int full = static_cast<int>(part * kBarWidth);
  std::string bar;
  for (int i = 0; i < kBarWidth; ++i) bar += i < full ? "█" : "░";
  // Returns to the start of the line and clears it.
  fmt::print(stderr, "\r\033[K{} {:3} % {} of {} {}", bar, static_cast<int>(part * 100), fmt::group_digits(done_),
             fmt::group_digits(total_), what_);
  std::fflush(stderr);
  drawn_ = true;
  next_draw_ = Clock::now() + kRedrawInterval;
}

void Progress::erase() {
  if (!drawn_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace buy_signals
