#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/produced.hpp"

namespace millrace {

/// How `repartition` writes and reads its topic. (Kafka Streams: `Repartitioned`.)
template <class KeySerde = detail::NoSerde, class ValueSerde = detail::NoSerde,
          class Partitioner = detail::NoPartitioner>
class BasicRepartitioned {
 public:
  struct Settings {
    std::string name;
    KeySerde key_serde;
    ValueSerde value_serde;
    std::optional<std::int32_t> partitions;
    Partitioner partitioner;
  };

  BasicRepartitioned() = default;
  explicit BasicRepartitioned(Settings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] static BasicRepartitioned<> as(std::string name) {
    return BasicRepartitioned<>().with_name(std::move(name));
  }
  template <class KS, class VS>
  [[nodiscard]] static BasicRepartitioned<KS, VS> with(KS key_serde, VS value_serde) {
    return BasicRepartitioned<KS, VS>({{}, std::move(key_serde), std::move(value_serde), {}, {}});
  }
  [[nodiscard]] static BasicRepartitioned<> number_of_partitions(std::int32_t partitions) {
    return BasicRepartitioned<>().with_number_of_partitions(partitions);
  }

  [[nodiscard]] BasicRepartitioned with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// At least 1. Without it, the topic gets as many partitions as the largest topic upstream.
  [[nodiscard]] BasicRepartitioned with_number_of_partitions(std::int32_t partitions) const {
    if (partitions < 1) {
      throw TopologyException("repartition" + (settings_.name.empty() ? "" : " '" + settings_.name + "'") +
                              ": the number of partitions must be at least 1, not " + std::to_string(partitions));
    }
    auto copy = *this;
    copy.settings_.partitions = partitions;
    return copy;
  }
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return BasicRepartitioned<S, ValueSerde, Partitioner>(
        {settings_.name, std::move(serde), settings_.value_serde, settings_.partitions, settings_.partitioner});
  }
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return BasicRepartitioned<KeySerde, S, Partitioner>(
        {settings_.name, settings_.key_serde, std::move(serde), settings_.partitions, settings_.partitioner});
  }
  template <class P>
  [[nodiscard]] auto with_stream_partitioner(P partitioner) const {
    return BasicRepartitioned<KeySerde, ValueSerde, P>(
        {settings_.name, settings_.key_serde, settings_.value_serde, settings_.partitions, std::move(partitioner)});
  }

  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

using Repartitioned = BasicRepartitioned<>;

}  // namespace millrace
