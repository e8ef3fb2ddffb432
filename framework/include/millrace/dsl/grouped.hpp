// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "millrace/dsl/detail/types.hpp"

namespace millrace {

/// The name and serdes of a grouping. They are used if the grouping needs a repartition topic. (Kafka Streams:
/// `Grouped`.)
template <class KeySerde = detail::NoSerde, class ValueSerde = detail::NoSerde>
class BasicGrouped {
 public:
  /// What the user has set. Empty or unset: the default applies.
  struct Settings {
    std::string name;
    KeySerde key_serde;
    ValueSerde value_serde;
  };

  BasicGrouped() = default;
  /// With all settings at once, instead of one call for each.
  explicit BasicGrouped(Settings settings) : settings_(std::move(settings)) {}

  /// Names the grouping. The repartition topic is then `<application.id>-<name>-repartition`.
  [[nodiscard]] static BasicGrouped<> as(std::string name) { return BasicGrouped<>().with_name(std::move(name)); }
  /// Sets the serdes of the repartition topic's keys and values.
  template <class KS, class VS>
  [[nodiscard]] static BasicGrouped<KS, VS> with(KS key_serde, VS value_serde) {
    return BasicGrouped<KS, VS>({{}, std::move(key_serde), std::move(value_serde)});
  }
  /// As `as`, but keeps the other settings.
  [[nodiscard]] BasicGrouped with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// Sets the serde of the keys: a Serde<K>, or an object with the same functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return BasicGrouped<S, ValueSerde>({settings_.name, std::move(serde), settings_.value_serde});
  }
  /// Sets the serde of the values.
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return BasicGrouped<KeySerde, S>({settings_.name, settings_.key_serde, std::move(serde)});
  }

  /// What the user has set.
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

/// The start of a Grouped value, with no setting yet: the calls of BasicGrouped add them.
using Grouped = BasicGrouped<>;

}  // namespace millrace
