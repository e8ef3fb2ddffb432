#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/state/stores.hpp"

namespace millrace {

/// How a stream-stream join is named, serialised and stored. (Kafka Streams: `StreamJoined`.)
template <class KeySerde = detail::NoSerde, class LeftSerde = detail::NoSerde, class RightSerde = detail::NoSerde>
class BasicStreamJoined {
 public:
  /// A store for one side. How long it keeps records and how long its windows are follows from the join.
  struct Store {
    std::string name;
    StoreMedium medium = StoreMedium::rocksdb;
  };
  struct Settings {
    std::string name;
    std::string store_name;
    KeySerde key_serde;
    LeftSerde left_serde;
    RightSerde right_serde;
    std::optional<StoreMedium> medium;  ///< unset: default.dsl.store
    bool logging = true;
    std::map<std::string, std::string> log_config;
    std::optional<Store> left_store;
    std::optional<Store> right_store;
  };

  BasicStreamJoined() = default;
  explicit BasicStreamJoined(Settings settings) : settings_(std::move(settings)) {}

  /// Names the nodes and repartition topics (not the stores).
  [[nodiscard]] static BasicStreamJoined<> as(std::string name) {
    return BasicStreamJoined<>().with_name(std::move(name));
  }
  template <class KS, class LS, class RS>
  [[nodiscard]] static BasicStreamJoined<KS, LS, RS> with(KS key_serde, LS left_serde, RS right_serde) {
    return BasicStreamJoined<KS, LS, RS>(
        {{}, {}, std::move(key_serde), std::move(left_serde), std::move(right_serde), {}, true, {}, {}, {}});
  }

  [[nodiscard]] BasicStreamJoined with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// Base name of the join's stores and their changelogs.
  [[nodiscard]] BasicStreamJoined with_store_name(std::string name) const {
    auto copy = *this;
    copy.settings_.store_name = std::move(name);
    return copy;
  }
  [[nodiscard]] BasicStreamJoined with_store_type(StoreMedium medium) const {
    auto copy = *this;
    copy.settings_.medium = medium;
    return copy;
  }
  /// The stores of the left and the right side, each by its own name. (Java: `withThisStoreSupplier`,
  /// `withOtherStoreSupplier`; logging is what this StreamJoined says.)
  [[nodiscard]] BasicStreamJoined with_this_store(std::string name, StoreMedium medium = StoreMedium::rocksdb) const {
    auto copy = *this;
    copy.settings_.left_store = Store{std::move(name), medium};
    return copy;
  }
  [[nodiscard]] BasicStreamJoined with_other_store(std::string name, StoreMedium medium = StoreMedium::rocksdb) const {
    auto copy = *this;
    copy.settings_.right_store = Store{std::move(name), medium};
    return copy;
  }
  [[nodiscard]] BasicStreamJoined with_logging_disabled() const {
    auto copy = *this;
    copy.settings_.logging = false;
    return copy;
  }
  [[nodiscard]] BasicStreamJoined with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.settings_.logging = true;
    copy.settings_.log_config = std::move(topic_config);
    return copy;
  }

  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

using StreamJoined = BasicStreamJoined<>;

}  // namespace millrace
