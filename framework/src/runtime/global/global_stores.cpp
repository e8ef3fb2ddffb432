// SPDX-License-Identifier: Apache-2.0
#include "runtime/global/global_stores.hpp"

#include "runtime/global/shared_stores.hpp"

namespace millrace::detail {

void GlobalStores::take(const StoreBuilder& builder, const std::string& changelog, ByteStore& bytes,
                        const std::shared_ptr<ConfiguredSerdes>& serdes) {
  const auto [found, is_new] = stores_.try_emplace(builder.name(), Shared{builder, changelog, {}, serdes});
  {
    const auto lock = gate_.lock_to_fill();
    found->second.bytes = std::move(bytes);
  }
  // The empty reader: the global processor writes through this.
  bytes = share(gate_, found->second.bytes, {});
}

StateStore* GlobalStores::find(const std::string& name, const std::string& reader) {
  const auto found = stores_.find(name);
  if (found == stores_.end()) return nullptr;
  // A lookup per call of store(), which processors usually make once in init(). So one lock for all views is enough.
  const std::lock_guard lock(views_mutex_);
  auto& view = views_[{std::this_thread::get_id(), name, reader}];
  if (!view) {
    const Shared& store = found->second;
    view = definition_of(store.builder).wrap(share(gate_, store.bytes, reader), store.changelog, *store.serdes);
  }
  return view.get();
}

}  // namespace millrace::detail
