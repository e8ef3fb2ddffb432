// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/state/detail/bytes_store.hpp"

namespace millrace::detail {

/// A copied entry of a session store.
struct SessionItem {
  std::string key;
  Window session;
  std::string value;
};

/// Iterates over a copy of the sessions. Later changes of the store do not show.
class SessionSnapshotIterator final : public SessionBytesIterator {
 public:
  explicit SessionSnapshotIterator(std::vector<SessionItem> items) : items_(std::move(items)) {}

  [[nodiscard]] bool valid() override { return at_ < items_.size(); }
  void next() override { ++at_; }
  [[nodiscard]] std::string_view key() const override { return items_[at_].key; }
  [[nodiscard]] std::string_view value() const override { return items_[at_].value; }
  [[nodiscard]] Window session() const override { return items_[at_].session; }

 private:
  std::vector<SessionItem> items_;
  std::size_t at_ = 0;
};

}  // namespace millrace::detail
