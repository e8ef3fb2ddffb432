// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace millrace {

namespace detail {
class Graph;
}

/// A table that every instance of the application holds completely, from all partitions of its topic. (Kafka Streams:
/// `GlobalKTable`.) A stream can join it by any key, without repartitioning. An update of the table produces no output
/// by itself. A handle: copies refer to the same table. Build phase only.
template <class K, class V>
class GlobalKTable {
 public:
  using Key = K;
  using Value = V;

  /// The name under which the store can be queried. Empty if the user gave no name.
  [[nodiscard]] const std::string& queryable_store_name() const { return queryable_store_name_; }

  // --- used by the engine only

  GlobalKTable(std::shared_ptr<detail::Graph> graph, std::string store_name, std::string queryable_store_name)
      : graph_(std::move(graph)),
        store_name_(std::move(store_name)),
        queryable_store_name_(std::move(queryable_store_name)) {}

  [[nodiscard]] const std::shared_ptr<detail::Graph>& graph() const { return graph_; }
  [[nodiscard]] const std::string& store_name() const { return store_name_; }

 private:
  std::shared_ptr<detail::Graph> graph_;
  std::string store_name_;
  std::string queryable_store_name_;
};

}  // namespace millrace
