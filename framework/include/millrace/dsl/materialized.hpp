#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/state/stores.hpp"

namespace millrace {

/// How a table's store is named, kept and logged. (Kafka Streams: `Materialized`.)
template <class KeySerde = detail::NoSerde, class ValueSerde = detail::NoSerde>
class BasicMaterialized {
 public:
  struct Settings {
    std::string store_name;
    KeySerde key_serde;
    ValueSerde value_serde;
    std::optional<StoreMedium> medium;  ///< unset: default.dsl.store
    bool logging = true;
    std::map<std::string, std::string> log_config;
    bool given = true;  ///< false: the caller gave no Materialized at all
  };

  BasicMaterialized() = default;
  explicit BasicMaterialized(Settings settings) : settings_(std::move(settings)) {}

  /// `name` is the store's, its changelog topic's, and the one for queries.
  [[nodiscard]] static BasicMaterialized<> as(std::string name) {
    BasicMaterialized<> result;
    result.settings_.store_name = std::move(name);
    return result;
  }
  [[nodiscard]] static BasicMaterialized<> as(StoreMedium medium) {
    BasicMaterialized<> result;
    result.settings_.medium = medium;
    return result;
  }
  template <class KS, class VS>
  [[nodiscard]] static BasicMaterialized<KS, VS> with(KS key_serde, VS value_serde) {
    typename BasicMaterialized<KS, VS>::Settings settings;
    settings.key_serde = std::move(key_serde);
    settings.value_serde = std::move(value_serde);
    return BasicMaterialized<KS, VS>(std::move(settings));
  }
  /// What an operator sees when the user gave nothing.
  [[nodiscard]] static BasicMaterialized<> none() {
    BasicMaterialized<> result;
    result.settings_.given = false;
    return result;
  }

  [[nodiscard]] BasicMaterialized with_store_name(std::string name) const {
    auto copy = *this;
    copy.settings_.store_name = std::move(name);
    return copy;
  }
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return BasicMaterialized<S, ValueSerde>({settings_.store_name, std::move(serde), settings_.value_serde,
                                             settings_.medium, settings_.logging, settings_.log_config, true});
  }
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return BasicMaterialized<KeySerde, S>({settings_.store_name, settings_.key_serde, std::move(serde),
                                           settings_.medium, settings_.logging, settings_.log_config, true});
  }
  [[nodiscard]] BasicMaterialized with_store_type(StoreMedium medium) const {
    auto copy = *this;
    copy.settings_.medium = medium;
    return copy;
  }
  [[nodiscard]] BasicMaterialized with_logging_disabled() const {
    auto copy = *this;
    copy.settings_.logging = false;
    return copy;
  }
  [[nodiscard]] BasicMaterialized with_logging_enabled(std::map<std::string, std::string> topic_config) const {
    auto copy = *this;
    copy.settings_.logging = true;
    copy.settings_.log_config = std::move(topic_config);
    return copy;
  }

  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  template <class, class>
  friend class BasicMaterialized;

  Settings settings_;
};

using Materialized = BasicMaterialized<>;

}  // namespace millrace
