// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "millrace/dsl/detail/types.hpp"

namespace millrace {

namespace detail {
/// Stands for "no partitioner given".
struct NoPartitioner {};
}  // namespace detail

/// How a topic is written. (Kafka Streams: `Produced`.) An immutable value: each method returns a changed copy.
template <class KeySerde = detail::NoSerde, class ValueSerde = detail::NoSerde,
          class Partitioner = detail::NoPartitioner>
class BasicProduced {
 public:
  /// What the user has set. Empty or unset: the default applies.
  struct Settings {
    std::string name;
    KeySerde key_serde;
    ValueSerde value_serde;
    Partitioner partitioner;
  };

  BasicProduced() = default;
  /// With all settings at once, instead of one call for each.
  explicit BasicProduced(Settings settings) : settings_(std::move(settings)) {}

  /// Gives the sink node a name.
  [[nodiscard]] static BasicProduced<> as(std::string name) { return BasicProduced<>().with_name(std::move(name)); }
  /// Sets the serdes of the topic's keys and values.
  template <class KS, class VS>
  [[nodiscard]] static BasicProduced<KS, VS> with(KS key_serde, VS value_serde) {
    return BasicProduced<KS, VS>({{}, std::move(key_serde), std::move(value_serde), {}});
  }

  /// Gives the sink node a name, in place of a generated one.
  [[nodiscard]] BasicProduced with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// Sets the serde of the keys: a Serde<K>, or an object with the same functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return BasicProduced<S, ValueSerde, Partitioner>(
        {settings_.name, std::move(serde), settings_.value_serde, settings_.partitioner});
  }
  /// Sets the serde of the values.
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return BasicProduced<KeySerde, S, Partitioner>(
        {settings_.name, settings_.key_serde, std::move(serde), settings_.partitioner});
  }
  /// Sets a function that chooses the partitions of each record. See StreamPartitioner. `partitioner(topic, key, value,
  /// number_of_partitions)` or `partitioner(topic, key, value, headers, number_of_partitions)` returns
  /// std::optional<std::set<std::int32_t>>.
  template <class P>
  [[nodiscard]] auto with_stream_partitioner(P partitioner) const {
    return BasicProduced<KeySerde, ValueSerde, P>(
        {settings_.name, settings_.key_serde, settings_.value_serde, std::move(partitioner)});
  }

  /// What the user has set.
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

/// The start of a Produced value, with no setting yet: the calls of BasicProduced add them.
using Produced = BasicProduced<>;

}  // namespace millrace
