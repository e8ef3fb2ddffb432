#pragma once

#include <string>
#include <utility>

#include "millrace/dsl/detail/types.hpp"
#include "millrace/dsl/produced.hpp"

namespace millrace {

/// How a foreign-key join is named, and where its internal records go if the tables' topics are not partitioned by
/// key. (Kafka Streams: `TableJoined`.)
template <class Partitioner = detail::NoPartitioner, class OtherPartitioner = detail::NoPartitioner>
class BasicTableJoined {
 public:
  struct Settings {
    std::string name;
    Partitioner partitioner;
    OtherPartitioner other_partitioner;
  };

  BasicTableJoined() = default;
  explicit BasicTableJoined(Settings settings) : settings_(std::move(settings)) {}

  /// Names the join's nodes, topics and store.
  [[nodiscard]] static BasicTableJoined<> as(std::string name) {
    return BasicTableJoined<>().with_name(std::move(name));
  }
  /// As `as`, keeping what else this TableJoined says.
  [[nodiscard]] BasicTableJoined with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// How the left table's topic is partitioned: `partitioner(topic, key, number_of_partitions)` returns
  /// std::optional<std::int32_t>; nullopt: by the key's bytes.
  template <class P>
  [[nodiscard]] auto with_partitioner(P partitioner) const {
    return BasicTableJoined<P, OtherPartitioner>({settings_.name, std::move(partitioner), settings_.other_partitioner});
  }
  /// The same for the right (foreign) table's topic.
  template <class P>
  [[nodiscard]] auto with_other_partitioner(P partitioner) const {
    return BasicTableJoined<Partitioner, P>({settings_.name, settings_.partitioner, std::move(partitioner)});
  }

  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

using TableJoined = BasicTableJoined<>;

}  // namespace millrace
