// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/detail/configured_serdes.hpp"

#include <algorithm>
#include <exception>
#include <ranges>
#include <string>

#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {

ConfiguredSerdes::ConfiguredSerdes(SerdeConfigs configs) : configs_(std::move(configs)) {}

ConfiguredSerdes::~ConfiguredSerdes() { close(); }

std::shared_ptr<const SerdeBase> ConfiguredSerdes::copy_of(const std::shared_ptr<const SerdeBase>& original,
                                                           bool is_key) {
  const std::lock_guard lock(mutex_);
  // A copy was configured already, and must not be configured twice.
  if (std::ranges::find(in_order_, original.get()) != in_order_.end()) return original;
  const std::pair<const SerdeBase*, bool> use{original.get(), is_key};
  const auto known = configured_.find(use);
  if (known != configured_.end()) return known->second.copy;
  auto copy = original->prepared(*this, is_key);
  configured_.emplace(use, Configured{original, copy});
  in_order_.push_back(copy.get());
  return copy;
}

void ConfiguredSerdes::close() {
  const std::lock_guard lock(mutex_);
  for (SerdeBase* serde : in_order_ | std::views::reverse) {
    try {
      serde->close();
    } catch (...) {
      log(LogLevel::warn, "closing a serde: " + current_error());
    }
  }
  in_order_.clear();
  configured_.clear();
}

}  // namespace millrace::detail
