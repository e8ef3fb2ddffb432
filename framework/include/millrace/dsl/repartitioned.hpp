// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/produced.hpp"

namespace millrace {

/// How `repartition` writes and reads its topic. (Kafka Streams: `Repartitioned`.) An immutable value: each method
/// returns a changed copy.
template <class KeySerde = detail::NoSerde, class ValueSerde = detail::NoSerde,
          class Partitioner = detail::NoPartitioner>
class BasicRepartitioned {
 public:
  /// What the user has set. Empty or unset: the default applies.
  struct Settings {
    std::string name;
    KeySerde key_serde;
    ValueSerde value_serde;
    std::optional<std::int32_t> partitions;
    Partitioner partitioner;
  };

  BasicRepartitioned() = default;
  /// With all settings at once, instead of one call for each.
  explicit BasicRepartitioned(Settings settings) : settings_(std::move(settings)) {}

  /// Names the node. The topic is then `<application.id>-<name>-repartition`.
  [[nodiscard]] static BasicRepartitioned<> as(std::string name) {
    return BasicRepartitioned<>().with_name(std::move(name));
  }
  /// Sets the serdes of the topic's keys and values.
  template <class KS, class VS>
  [[nodiscard]] static BasicRepartitioned<KS, VS> with(KS key_serde, VS value_serde) {
    return BasicRepartitioned<KS, VS>({{}, std::move(key_serde), std::move(value_serde), {}, {}});
  }
  /// As with_number_of_partitions().
  [[nodiscard]] static BasicRepartitioned<> number_of_partitions(std::int32_t partitions) {
    return BasicRepartitioned<>().with_number_of_partitions(partitions);
  }

  /// As `as`, but keeps the other settings.
  [[nodiscard]] BasicRepartitioned with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// Sets the number of partitions, at least 1. Without it, the topic gets as many as the largest topic upstream.
  /// Throws TopologyException if the number is less than 1.
  [[nodiscard]] BasicRepartitioned with_number_of_partitions(std::int32_t partitions) const {
    if (partitions < 1) {
      throw TopologyException("repartition" + (settings_.name.empty() ? "" : " '" + settings_.name + "'") +
                              ": the number of partitions must be at least 1, not " + std::to_string(partitions));
    }
    auto copy = *this;
    copy.settings_.partitions = partitions;
    return copy;
  }
  /// Sets the serde of the keys: a Serde<K>, or an object with the same functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return BasicRepartitioned<S, ValueSerde, Partitioner>(
        {settings_.name, std::move(serde), settings_.value_serde, settings_.partitions, settings_.partitioner});
  }
  /// Sets the serde of the values.
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return BasicRepartitioned<KeySerde, S, Partitioner>(
        {settings_.name, settings_.key_serde, std::move(serde), settings_.partitions, settings_.partitioner});
  }
  /// Sets a function that chooses the partitions of each record. See StreamPartitioner. `partitioner(topic, key, value,
  /// number_of_partitions)` or `partitioner(topic, key, value, headers, number_of_partitions)` returns
  /// std::optional<std::set<std::int32_t>>.
  template <class P>
  [[nodiscard]] auto with_stream_partitioner(P partitioner) const {
    return BasicRepartitioned<KeySerde, ValueSerde, P>(
        {settings_.name, settings_.key_serde, settings_.value_serde, settings_.partitions, std::move(partitioner)});
  }

  /// What the user has set.
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

/// The start of a Repartitioned value, with no setting yet: the calls of BasicRepartitioned add them.
using Repartitioned = BasicRepartitioned<>;

}  // namespace millrace
