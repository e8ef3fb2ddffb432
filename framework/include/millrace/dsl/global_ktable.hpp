#pragma once

#include <memory>
#include <string>
#include <utility>

namespace millrace {

namespace detail {
class Graph;
}

/// A table that each instance of the application holds whole, from all partitions of its topic. Streams join it by any
/// key, without repartitioning; its changes trigger nothing.
/// A handle: copies mean the same table. Threads: build phase only. (Kafka Streams: `GlobalKTable`.)
template <class K, class V>
class GlobalKTable {
 public:
  using Key = K;
  using Value = V;

  /// The name under which the table's store can be queried; empty if the user gave none.
  [[nodiscard]] const std::string& queryable_store_name() const { return queryable_store_name_; }

  // --- for the engine's own use

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
