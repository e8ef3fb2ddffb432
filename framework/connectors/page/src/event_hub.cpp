// SPDX-License-Identifier: Apache-2.0
#include "event_hub.hpp"

#include <algorithm>

#include "http_rules.hpp"

namespace millrace::page::detail {
namespace {

/// The events that are kept for viewers whose connection breaks for a moment.
constexpr std::size_t kMaxRecent = 64;
constexpr std::size_t kMaxRecentBytes = 2 << 20;

}  // namespace

void Backlog::push(Frame frame) {
  if (frames_.size() >= kMaxFrames || bytes_ + frame->size() > kMaxBytes) {
    static const Frame kResync = std::make_shared<const std::string>(sse_frame("resync", "", "{}"));
    frames_.clear();
    frames_.push_back(kResync);
    bytes_ = kResync->size();
    return;
  }
  bytes_ += frame->size();
  frames_.push_back(std::move(frame));
}

Frame Backlog::pop() {
  if (frames_.empty()) return nullptr;
  auto frame = std::move(frames_.front());
  frames_.pop_front();
  bytes_ -= frame->size();
  return frame;
}

void EventHub::publish(std::uint64_t number, const std::string& json) {
  last_ = number;
  const auto frame = std::make_shared<const std::string>(sse_frame("", epoch_ + "." + std::to_string(number), json));
  recent_.emplace_back(number, frame);
  recent_bytes_ += frame->size();
  while (recent_.size() > kMaxRecent || (recent_bytes_ > kMaxRecentBytes && recent_.size() > 1)) {
    recent_bytes_ -= recent_.front().second->size();
    recent_.pop_front();
  }
  forget_gone();
  for (const auto& weak : viewers_) {
    if (const auto viewer = weak.lock()) viewer->send(frame);
  }
}

bool EventHub::join(const std::shared_ptr<Viewer>& viewer, std::optional<std::uint64_t> seen) {
  forget_gone();
  if (viewers_.size() >= max_viewers_) return false;
  viewers_.push_back(viewer);
  count_ = viewers_.size();
  const bool known =
      seen && *seen <= last_ && (*seen == last_ || (!recent_.empty() && recent_.front().first <= *seen + 1));
  if (!known) {
    viewer->send(std::make_shared<const std::string>(
        sse_frame("hello", epoch_ + "." + std::to_string(last_), "{\"epoch\":\"" + epoch_ + "\"}")));
    return true;
  }
  for (const auto& [number, frame] : recent_) {
    if (number > *seen) viewer->send(frame);
  }
  return true;
}

void EventHub::forget_gone() {
  std::erase_if(viewers_, [](const auto& viewer) { return viewer.expired(); });
  count_ = viewers_.size();
}

}  // namespace millrace::page::detail
