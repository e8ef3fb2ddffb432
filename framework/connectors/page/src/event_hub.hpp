// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace millrace::page::detail {

/// An event in the form in which it is sent. All viewers share it.
using Frame = std::shared_ptr<const std::string>;

/// What waits to be sent to one viewer. A viewer that takes less than comes is not waited for: when too much waits, all
/// of it is dropped, and one event `resync` tells the viewer to ask for fresh snapshots.
class Backlog {
 public:
  void push(Frame frame);
  /// The next frame; null: there is none.
  [[nodiscard]] Frame pop();
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  static constexpr std::size_t kMaxFrames = 32;
  static constexpr std::size_t kMaxBytes = 1 << 20;

 private:
  std::deque<Frame> frames_;
  std::size_t bytes_ = 0;
};

/// A viewer's connection.
class Viewer {
 public:
  virtual ~Viewer() = default;
  virtual void send(const Frame& frame) = 0;
};

/// Distributes events to the viewers. Used on the server's thread, but for viewers().
class EventHub {
 public:
  EventHub(std::string epoch, std::size_t max_viewers) : epoch_(std::move(epoch)), max_viewers_(max_viewers) {}

  void publish(std::uint64_t number, const std::string& json);

  /// Adds a viewer. False: there are too many. Sends what the viewer has missed since the event number `seen`. If that
  /// is not known, sends an event `hello`, upon which the viewer asks for snapshots.
  [[nodiscard]] bool join(const std::shared_ptr<Viewer>& viewer, std::optional<std::uint64_t> seen);

  /// The number of viewers. Any thread.
  [[nodiscard]] std::size_t viewers() const { return count_; }

  [[nodiscard]] const std::string& epoch() const { return epoch_; }

 private:
  void forget_gone();

  std::string epoch_;
  std::size_t max_viewers_;
  std::vector<std::weak_ptr<Viewer>> viewers_;
  std::atomic<std::size_t> count_{0};
  std::deque<std::pair<std::uint64_t, Frame>> recent_;
  std::size_t recent_bytes_ = 0;
  std::uint64_t last_ = 0;  ///< the number of the last event
};

}  // namespace millrace::page::detail
