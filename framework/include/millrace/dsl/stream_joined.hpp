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

/// What a StreamJoined says whatever its serdes are.
struct StreamJoinedOptions {
  /// A store for one side. How long it keeps records and how long its windows are follows from the join.
  struct Store {
    std::string name;
    StoreMedium medium = StoreMedium::rocksdb;
  };

  std::string name;
  std::string store_name;
  std::optional<StoreMedium> medium;  ///< unset: default.dsl.store
  bool logging = true;
  std::map<std::string, std::string> log_config;
  std::optional<Store> left_store;
  std::optional<Store> right_store;
};

}  // namespace detail

/// How a stream-stream join is named, serialised and stored. (Kafka Streams: `StreamJoined`.)
template <class KeySerde = detail::NoSerde, class LeftSerde = detail::NoSerde, class RightSerde = detail::NoSerde>
class BasicStreamJoined {
 public:
  using Store = detail::StreamJoinedOptions::Store;
  struct Settings : detail::StreamJoinedOptions {
    KeySerde key_serde;
    LeftSerde left_serde;
    RightSerde right_serde;
  };

  BasicStreamJoined() = default;
  explicit BasicStreamJoined(Settings settings) : settings_(std::move(settings)) {}

  /// Names the stores, as with_store_name does; with_name is for the nodes. (Java's `as` means the same.)
  /// Throws TopologyException for a name that could not be part of a topic's.
  [[nodiscard]] static BasicStreamJoined<> as(std::string store_name) {
    return BasicStreamJoined<>().with_store_name(std::move(store_name));
  }
  /// The serdes of the keys and of both sides' values.
  template <class KS, class LS, class RS>
  [[nodiscard]] static BasicStreamJoined<KS, LS, RS> with(KS key_serde, LS left_serde, RS right_serde) {
    return BasicStreamJoined<KS, LS, RS>({{}, std::move(key_serde), std::move(left_serde), std::move(right_serde)});
  }

  /// The serde of the keys: a Serde<K>, or an object with its functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return with_serdes(std::move(serde), settings_.left_serde, settings_.right_serde);
  }
  /// The serde of this stream's values.
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return with_serdes(settings_.key_serde, std::move(serde), settings_.right_serde);
  }
  /// The serde of the other stream's values.
  template <class S>
  [[nodiscard]] auto with_other_value_serde(S serde) const {
    return with_serdes(settings_.key_serde, settings_.left_serde, std::move(serde));
  }

  /// Names the nodes and repartition topics (not the stores).
  [[nodiscard]] BasicStreamJoined with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// Base name of the join's stores and their changelogs.
  /// Throws TopologyException for a name that could not be part of a topic's.
  [[nodiscard]] BasicStreamJoined with_store_name(std::string name) const {
    detail::require_legal_name(name, "the store name of StreamJoined");
    auto copy = *this;
    copy.settings_.store_name = std::move(name);
    return copy;
  }
  /// Where the stores are kept; unset: as default.dsl.store says.
  [[nodiscard]] BasicStreamJoined with_store_type(StoreMedium medium) const {
    auto copy = *this;
    copy.settings_.medium = medium;
    return copy;
  }
  /// The stores of the left and the right side, each by its own name. They are always logged: what this StreamJoined
  /// says of logging is for stores that it does not name, as in Java. (Java: `withThisStoreSupplier`,
  /// `withOtherStoreSupplier`.)
  /// Throws TopologyException for a name that could not be part of a topic's.
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
  /// No changelogs: after a restart or a move to another instance the stores are empty.
  [[nodiscard]] BasicStreamJoined with_logging_disabled() const {
    auto copy = *this;
    copy.settings_.logging = false;
    return copy;
  }
  /// Settings of the changelog topics, by the broker's names for them.
  [[nodiscard]] BasicStreamJoined with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.settings_.logging = true;
    copy.settings_.log_config = std::move(topic_config);
    return copy;
  }

  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  template <class KS, class LS, class RS>
  [[nodiscard]] BasicStreamJoined<KS, LS, RS> with_serdes(KS key_serde, LS left_serde, RS right_serde) const {
    return BasicStreamJoined<KS, LS, RS>(
        {settings_, std::move(key_serde), std::move(left_serde), std::move(right_serde)});
  }

  Settings settings_;
};

using StreamJoined = BasicStreamJoined<>;

}  // namespace millrace
