// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

// The special members are defined here, because StoreDefinition is not inline (see store_spec.hpp).
StoreDefinition::StoreDefinition() = default;
StoreDefinition::StoreDefinition(const StoreDefinition&) = default;
StoreDefinition::StoreDefinition(StoreDefinition&&) noexcept = default;
StoreDefinition& StoreDefinition::operator=(const StoreDefinition&) = default;
StoreDefinition& StoreDefinition::operator=(StoreDefinition&&) noexcept = default;
StoreDefinition::~StoreDefinition() = default;

StoreDefinition& definition_of(StoreBuilder& builder) { return builder.definition_; }
const StoreDefinition& definition_of(const StoreBuilder& builder) { return builder.definition_; }

// Topology nodes share one builder: the topology is immutable once built.
std::shared_ptr<const StoreBuilder> shared_store(StoreBuilder store) {
  return std::make_shared<const StoreBuilder>(std::move(store));
}

}  // namespace millrace::detail
