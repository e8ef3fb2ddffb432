// SPDX-License-Identifier: Apache-2.0
#include "millrace/mqtt/mqtt_publisher.hpp"

#include <algorithm>
#include <chrono>
#include <deque>
#include <utility>

#include "common/log_seldom.hpp"
#include "connect/backoff.hpp"
#include "millrace/common/errors.hpp"
#include "mqtt_address.hpp"
#include "mqtt_connection.hpp"

namespace millrace::connect {
namespace {

using Clock = std::chrono::steady_clock;

/// How soon a wish to stop is noticed.
constexpr Millis kLook{100};
constexpr Millis kGoodBye{500};
/// The pauses between attempts to connect.
constexpr Millis kFirstPause{50};
constexpr Millis kLongestPause{2000};
/// The most messages without acknowledgement.
constexpr std::size_t kWindow = 1000;
constexpr std::size_t kMostUnsent = 1 << 20;

}  // namespace

class MqttPublisher::Impl {
 public:
  Impl(MqttSettings settings, Millis repeat, std::size_t most_bytes)
      : address_(detail::checked_address(settings)),
        connection_(std::move(settings), address_),
        repeat_(repeat),
        most_bytes_(most_bytes) {}
  ~Impl() { connection_.close(kGoodBye); }

  bool publish(std::string topic, std::string payload, const std::stop_token& stop) {
    detail::check_topic_name(topic);
    if (payload.size() + topic.size() + 16 > detail::kLargestPacket) {
      throw StreamsException("a message of " + std::to_string(payload.size()) + " bytes is too large for MQTT");
    }
    bytes_ += topic.size() + payload.size();
    kept_.push_back({std::move(topic), std::move(payload), 0, {}, false});
    do {
      if (!step(Millis(0), stop)) return false;
      // Waiting only if there is no room for another message.
      while (kept_.size() - acknowledged_kept_ >= kWindow || unacknowledged_bytes() > most_bytes_) {
        if (!step(kLook, stop)) return false;
      }
    } while (!open_ && !stop.stop_requested());
    return !stop.stop_requested();
  }

  void idle(Millis time, const std::stop_token& stop) {
    const auto until = Clock::now() + time;
    while (!stop.stop_requested()) {
      const auto left = std::chrono::ceil<Millis>(until - Clock::now());
      if (left <= Millis(0) || !step(std::min(left, kLook), stop)) return;
    }
  }

  bool flush(const std::stop_token& stop) {
    while (kept_.size() > acknowledged_kept_) {
      if (!step(kLook, stop)) return false;
    }
    return true;
  }

  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::string name() const { return address_.text(); }

 private:
  /// A message that the MQTT broker may not have for good. Ids are given anew for each connection.
  struct Kept {
    std::string topic;
    std::string payload;
    std::uint16_t id;  ///< 0: not sent on this connection
    Clock::time_point acknowledged_at;
    bool acknowledged;  ///< once, on any connection
  };

  /// One round of sending and receiving. Connects if there is no connection. False: `stop`.
  bool step(Millis timeout, const std::stop_token& stop) {
    if (stop.stop_requested()) return false;
    try {
      if (!open_) {
        (void)connection_.open(false, stop);
        open_ = true;
        next_ = waiting_ = 0;
      }
      send();
      connection_.serve(timeout);
      take_acknowledgements();
      send();
      connection_.flush();
    } catch (const RetriableException& error) {
      lost(error, stop);
    }
    forget();
    return !stop.stop_requested();
  }

  void lost(const RetriableException& error, const std::stop_token& stop) {
    connection_.close(Millis(0));
    open_ = false;
    for (auto& kept : kept_) kept.id = 0;
    if (stop.stop_requested()) return;
    const auto pause = backoff_.next();
    millrace::detail::log_seldom(
        LogLevel::warn, "mqtt publisher " + address_.text(),
        std::string(error.what()) + "; trying again in " + std::to_string(pause.count()) + " ms");
    (void)detail::stopped_within(stop, pause);
  }

  void send() {
    while (next_ < kept_.size() && waiting_ < std::min(kWindow, connection_.receive_maximum()) &&
           connection_.unsent() < kMostUnsent) {
      Kept& kept = kept_[next_];
      id_ = static_cast<std::uint16_t>(id_ % 65'535 + 1);
      kept.id = id_;
      // Not marked as a repetition (DUP): that is for the same id in the same session.
      connection_.publish(kept.id, kept.topic, kept.payload, false);
      ++next_;
      ++waiting_;
    }
  }

  void take_acknowledgements() {
    for (const auto id : connection_.acknowledged()) {
      // They come in order, so the first one that waits is meant; see MQTT 3.1.1, 4.6.
      const auto first = next_ - waiting_;
      if (waiting_ == 0 || kept_[first].id != id) {
        throw RetriableException("the MQTT broker at " + address_.text() + " acknowledges a message out of order");
      }
      Kept& kept = kept_[first];
      --waiting_;
      kept.acknowledged_at = Clock::now();
      if (!std::exchange(kept.acknowledged, true)) {
        ++acknowledged_;
        ++acknowledged_kept_;
        acknowledged_bytes_ += kept.topic.size() + kept.payload.size();
      }
      backoff_.reset();
    }
    connection_.acknowledged().clear();
  }

  /// Drops messages that were acknowledged long ago, or too many of them. Those that are under way again stay.
  void forget() {
    const auto now = Clock::now();
    while (!kept_.empty() && kept_.front().acknowledged && open_ && next_ - waiting_ > 0 &&
           (now - kept_.front().acknowledged_at > repeat_ || bytes_ > most_bytes_)) {
      const auto size = kept_.front().topic.size() + kept_.front().payload.size();
      bytes_ -= size;
      acknowledged_bytes_ -= size;
      --acknowledged_kept_;
      --next_;
      kept_.pop_front();
    }
  }

  [[nodiscard]] std::size_t unacknowledged_bytes() const { return bytes_ - acknowledged_bytes_; }

  const detail::MqttAddress address_;
  detail::MqttConnection connection_;
  const Millis repeat_;
  const std::size_t most_bytes_;
  detail::Backoff backoff_{kFirstPause, kLongestPause};
  std::deque<Kept> kept_;    ///< in the order of publish()
  std::size_t next_ = 0;     ///< the first of kept_ that is not sent on this connection
  std::size_t waiting_ = 0;  ///< how many before next_ wait for their acknowledgement on this connection
  std::size_t acknowledged_kept_ = 0;
  std::size_t bytes_ = 0;
  std::size_t acknowledged_bytes_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint16_t id_ = 0;
  bool open_ = false;
};

MqttPublisher::MqttPublisher(MqttSettings settings, Millis repeat, std::size_t most_bytes)
    : impl_(std::make_unique<Impl>(std::move(settings), repeat, most_bytes)) {}
MqttPublisher::~MqttPublisher() = default;
bool MqttPublisher::publish(std::string topic, std::string payload, const std::stop_token& stop) {
  return impl_->publish(std::move(topic), std::move(payload), stop);
}
void MqttPublisher::idle(Millis time, const std::stop_token& stop) { impl_->idle(time, stop); }
bool MqttPublisher::flush(const std::stop_token& stop) { return impl_->flush(stop); }
std::uint64_t MqttPublisher::acknowledged() const { return impl_->acknowledged(); }
std::string MqttPublisher::name() const { return impl_->name(); }

}  // namespace millrace::connect
