// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "millrace/state/detail/store_spec.hpp"

namespace millrace::detail {

/// Such as "key-value"; for messages and for write_store_type(), whose texts are saved. So never change a name.
[[nodiscard]] std::string_view name_of(StoreKind kind);

/// Writes the kind of a store and the types of its keys and values as a text. The text is saved with the store's data
/// and compared when the store is opened again. A change of the topology can give the name of a store to another store,
/// in particular a name that the DSL has generated.
///
///     kind \n encoding of keys \n type of keys \n encoding of values \n type of values
[[nodiscard]] std::string write_store_type(const StoreSpec& spec);

/// The first difference between the saved type of a store and its present type.
struct StoreTypeChange {
  /// True: the store cannot read its old data and its old changelog. False: only the names of types differ. Then the
  /// bytes may be readable or not.
  bool unreadable = false;
  std::string before;  ///< for messages, such as `values "long"`
  std::string now;     ///< for messages, such as `values "text"`
};
/// Compares two texts of write_store_type(). Returns nullopt if there is no difference, or if one of the texts cannot
/// be parsed.
[[nodiscard]] std::optional<StoreTypeChange> compare_store_types(std::string_view before, std::string_view now);

}  // namespace millrace::detail
