// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"
#include "millrace/dsl/detail/types.hpp"

namespace millrace {

/// The names and serdes of a stream-table join. (Kafka Streams: `Joined`.)
template <class KeySerde = detail::NoSerde, class LeftSerde = detail::NoSerde, class RightSerde = detail::NoSerde>
class BasicJoined {
 public:
  /// What the user has set. Empty or unset: the default applies.
  struct Settings {
    std::string name;
    KeySerde key_serde;
    LeftSerde left_serde;
    RightSerde right_serde;
    std::optional<Millis> grace;
  };

  BasicJoined() = default;
  /// With all settings at once, instead of one call for each.
  explicit BasicJoined(Settings settings) : settings_(std::move(settings)) {}

  /// Names the join's node, and its repartition topic if it needs one.
  [[nodiscard]] static BasicJoined<> as(std::string name) { return BasicJoined<>().with_name(std::move(name)); }
  /// Sets the serdes of the keys, of the stream's values and of the table's values.
  template <class KS, class LS, class RS>
  [[nodiscard]] static BasicJoined<KS, LS, RS> with(KS key_serde, LS left_serde, RS right_serde) {
    return BasicJoined<KS, LS, RS>({{}, std::move(key_serde), std::move(left_serde), std::move(right_serde), {}});
  }

  /// As `as`, but keeps the other settings.
  [[nodiscard]] BasicJoined with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// Sets the serde of the keys: a Serde<K>, or an object with the same functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return BasicJoined<S, LeftSerde, RightSerde>(
        {settings_.name, std::move(serde), settings_.left_serde, settings_.right_serde, settings_.grace});
  }
  /// Sets the serde of the stream's values.
  template <class S>
  [[nodiscard]] auto with_left_value_serde(S serde) const {
    return BasicJoined<KeySerde, S, RightSerde>(
        {settings_.name, settings_.key_serde, std::move(serde), settings_.right_serde, settings_.grace});
  }
  /// Sets the serde of the table's values. The join itself does not use it.
  template <class S>
  [[nodiscard]] auto with_right_value_serde(S serde) const {
    return BasicJoined<KeySerde, LeftSerde, S>(
        {settings_.name, settings_.key_serde, settings_.left_serde, std::move(serde), settings_.grace});
  }
  /// How long a stream record waits, in stream time, until the table has reached the record's time. The table must be
  /// versioned. Throws TopologyException if `grace` is negative.
  [[nodiscard]] BasicJoined with_grace_period(Millis grace) const {
    if (grace < Millis(0)) {
      throw TopologyException("Joined" + (settings_.name.empty() ? "" : " '" + settings_.name + "'") +
                              ": the grace period must not be negative, but is " + std::to_string(grace.count()) +
                              " ms");
    }
    auto copy = *this;
    copy.settings_.grace = grace;
    return copy;
  }

  /// What the user has set.
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

/// The start of a Joined value, with no setting yet: the calls of BasicJoined add them.
using Joined = BasicJoined<>;

}  // namespace millrace
