// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/produced.hpp"

namespace millrace {

/// The names and partitioners of a foreign-key join. (Kafka Streams: `TableJoined`.) Set the partitioners if the
/// tables' topics are not partitioned by the hash of the key.
template <class Partitioner = detail::NoPartitioner, class OtherPartitioner = detail::NoPartitioner>
class BasicTableJoined {
 public:
  /// What the user has set. Empty or unset: the default applies.
  struct Settings {
    std::string name;
    Partitioner partitioner;
    OtherPartitioner other_partitioner;
  };

  BasicTableJoined() = default;
  /// With all settings at once, instead of one call for each.
  explicit BasicTableJoined(Settings settings) : settings_(std::move(settings)) {}

  /// Names the join's nodes, topics and store.
  [[nodiscard]] static BasicTableJoined<> as(std::string name) {
    return BasicTableJoined<>().with_name(std::move(name));
  }
  /// As `as`, but keeps the other settings.
  [[nodiscard]] BasicTableJoined with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// How the left table's topic is partitioned: `partitioner(topic, key, number_of_partitions)` or
  /// `partitioner(topic, key, headers, number_of_partitions)` returns std::optional<std::int32_t>; nullopt: by the
  /// key's bytes. `headers` are those of the record that the join sends back.
  template <class P>
  [[nodiscard]] auto with_partitioner(P partitioner) const {
    return BasicTableJoined<P, OtherPartitioner>({settings_.name, std::move(partitioner), settings_.other_partitioner});
  }
  /// The same for the topic of the right (foreign) table.
  template <class P>
  [[nodiscard]] auto with_other_partitioner(P partitioner) const {
    return BasicTableJoined<Partitioner, P>({settings_.name, settings_.partitioner, std::move(partitioner)});
  }

  /// What the user has set.
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

/// The start of a TableJoined value, with no setting yet: the calls of BasicTableJoined add them.
using TableJoined = BasicTableJoined<>;

}  // namespace millrace
