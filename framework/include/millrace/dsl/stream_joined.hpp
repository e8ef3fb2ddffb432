// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/named.hpp"
#include "millrace/state/stores.hpp"

namespace millrace {

namespace detail {

/// The settings of a StreamJoined, except its serdes.
struct StreamJoinedOptions {
  /// The store of one side. The join determines the store's retention and window size.
  struct Store {
    std::string name;
    StoreMedium medium = StoreMedium::rocksdb;
  };

  std::string name;                   ///< for nodes and repartition topics; empty: generated
  std::string store_name;             ///< for stores and changelogs; empty: generated
  std::optional<StoreMedium> medium;  ///< unset: default.dsl.store
  bool logging = true;
  std::map<std::string, std::string> log_config;  ///< topic settings of the changelogs
  std::optional<Store> left_store;                ///< set: the user has named this side's store
  std::optional<Store> right_store;
};

}  // namespace detail

/// The names, serdes and stores of a stream-stream join. (Kafka Streams: `StreamJoined`.) An immutable value: each
/// method returns a changed copy.
template <class KeySerde = detail::NoSerde, class LeftSerde = detail::NoSerde, class RightSerde = detail::NoSerde>
class BasicStreamJoined {
 public:
  /// A store of one side of the join: its name, and where it is kept.
  using Store = detail::StreamJoinedOptions::Store;
  /// What the user has set. Empty or unset: the default applies.
  struct Settings : detail::StreamJoinedOptions {
    KeySerde key_serde;
    LeftSerde left_serde;
    RightSerde right_serde;
  };

  BasicStreamJoined() = default;
  /// With all settings at once, instead of one call for each.
  explicit BasicStreamJoined(Settings settings) : settings_(std::move(settings)) {}

  /// Names the stores, as with_store_name(). Use with_name() for the nodes. (Java's `as` does the same.) Throws
  /// TopologyException if the name cannot be part of a topic name.
  [[nodiscard]] static BasicStreamJoined<> as(std::string store_name) {
    return BasicStreamJoined<>().with_store_name(std::move(store_name));
  }
  /// Sets the serdes of the keys and of both sides' values.
  template <class KS, class LS, class RS>
  [[nodiscard]] static BasicStreamJoined<KS, LS, RS> with(KS key_serde, LS left_serde, RS right_serde) {
    return BasicStreamJoined<KS, LS, RS>({{}, std::move(key_serde), std::move(left_serde), std::move(right_serde)});
  }

  /// Sets the serde of the keys: a Serde<K>, or an object with the same functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return with_serdes(std::move(serde), settings_.left_serde, settings_.right_serde);
  }
  /// Sets the serde of the left stream's values.
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return with_serdes(settings_.key_serde, std::move(serde), settings_.right_serde);
  }
  /// Sets the serde of the right stream's values.
  template <class S>
  [[nodiscard]] auto with_other_value_serde(S serde) const {
    return with_serdes(settings_.key_serde, settings_.left_serde, std::move(serde));
  }

  /// Names the nodes and the repartition topics, but not the stores.
  [[nodiscard]] BasicStreamJoined with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// Names the stores and their changelogs: this is the first part of their names. Throws TopologyException if the name
  /// cannot be part of a topic name.
  [[nodiscard]] BasicStreamJoined with_store_name(std::string name) const {
    detail::require_legal_name(name, "the store name of StreamJoined");
    auto copy = *this;
    copy.settings_.store_name = std::move(name);
    return copy;
  }
  /// Sets where the stores are kept. Without it, default.dsl.store decides.
  [[nodiscard]] BasicStreamJoined with_store_type(StoreMedium medium) const {
    auto copy = *this;
    copy.settings_.medium = medium;
    return copy;
  }
  /// Gives the left store (this) or the right store (other) its own name and place. As in Java, such a store always has
  /// a changelog: with_logging_disabled() applies only to stores without a name of their own. (Java:
  /// `withThisStoreSupplier`, `withOtherStoreSupplier`.) Throws TopologyException if the name cannot be part of a topic
  /// name.
  [[nodiscard]] BasicStreamJoined with_this_store(std::string name, StoreMedium medium = StoreMedium::rocksdb) const {
    detail::require_legal_name(name, "the left store's name of StreamJoined");
    auto copy = *this;
    copy.settings_.left_store = {std::move(name), medium};
    return copy;
  }
  [[nodiscard]] BasicStreamJoined with_other_store(std::string name, StoreMedium medium = StoreMedium::rocksdb) const {
    detail::require_legal_name(name, "the right store's name of StreamJoined");
    auto copy = *this;
    copy.settings_.right_store = {std::move(name), medium};
    return copy;
  }
  /// The stores get no changelogs. After a restart or a move to another instance their data are lost.
  [[nodiscard]] BasicStreamJoined with_logging_disabled() const {
    auto copy = *this;
    copy.settings_.logging = false;
    return copy;
  }
  /// Sets topic settings of the changelogs, under the broker's names, such as "segment.bytes".
  [[nodiscard]] BasicStreamJoined with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.settings_.logging = true;
    copy.settings_.log_config = std::move(topic_config);
    return copy;
  }

  /// What the user has set.
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  template <class KS, class LS, class RS>
  [[nodiscard]] BasicStreamJoined<KS, LS, RS> with_serdes(KS key_serde, LS left_serde, RS right_serde) const {
    return BasicStreamJoined<KS, LS, RS>(
        {settings_, std::move(key_serde), std::move(left_serde), std::move(right_serde)});
  }

  Settings settings_;
};

/// The start of a StreamJoined value, with no setting yet: the calls of BasicStreamJoined add them.
using StreamJoined = BasicStreamJoined<>;

}  // namespace millrace
