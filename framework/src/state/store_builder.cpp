#include "millrace/state/store_builder.hpp"

namespace millrace {

StoreBuilder::StoreBuilder() = default;
StoreBuilder::StoreBuilder(const StoreBuilder&) = default;
StoreBuilder::StoreBuilder(StoreBuilder&&) noexcept = default;
StoreBuilder& StoreBuilder::operator=(const StoreBuilder&) = default;
StoreBuilder& StoreBuilder::operator=(StoreBuilder&&) noexcept = default;
StoreBuilder::~StoreBuilder() = default;

std::shared_ptr<const StoreBuilder> detail::shared_store(StoreBuilder store) {
  return std::make_shared<const StoreBuilder>(std::move(store));
}

}  // namespace millrace
