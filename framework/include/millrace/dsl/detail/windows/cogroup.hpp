// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/streams/stateless_nodes.hpp"
#include "millrace/dsl/detail/windows/windowed_build.hpp"

namespace millrace::detail {

/// The type of a function's third argument. In cogroup() this is the aggregate's type, which the user then need not
/// name. void if the function has several call operators, or a template: its argument types are not known then.
template <class F>
struct ThirdArgument {
  using Type = void;
};
template <class F>
requires requires { &F::operator(); }
struct ThirdArgument<F> {
  template <class R, class C, class A1, class A2, class A3>
  static std::remove_cvref_t<A3> of(R (C::*)(A1, A2, A3) const);
  template <class R, class C, class A1, class A2, class A3>
  static std::remove_cvref_t<A3> of(R (C::*)(A1, A2, A3));
  static void of(...);
  using Type = decltype(of(&F::operator()));
};

/// One grouped stream of a cogroup, with its aggregator. The type of its values is hidden. K is the key type without
/// null. A is the aggregate type of the user functions; it may be std::optional.
///
/// Constant and shared by all copies of the cogroup. Build phase only.
template <class K, class A>
class CogroupMember {
 public:
  using Initializer = std::function<A()>;
  using MakeAggregation = std::function<std::unique_ptr<WindowAggregation<K, NonNull<A>>>()>;

  virtual ~CogroupMember() = default;

  /// An address that identifies the grouping. Streams of the same grouping share a repartition topic.
  [[nodiscard]] virtual const void* grouping() const = 0;
  [[nodiscard]] virtual const StreamPosition& position() const = 0;
  /// Makes the node, which is not in the graph yet. `store` names the topic if the grouping has no name.
  [[nodiscard]] virtual GraphNode make_repartition(const std::string& store) const = 0;
  [[nodiscard]] virtual CarriedSerde<K> key_serde() const = 0;

  /// The node that aggregates this stream, without windows and with windows. All members write the same store.
  [[nodiscard]] virtual NodeFactory make_node(const std::string& store, const Initializer& initializer,
                                              std::shared_ptr<const bool> send_old_values) const = 0;
  [[nodiscard]] virtual NodeFactory make_windowed_node(const MakeAggregation& make, const Initializer& initializer,
                                                       bool drops_null_values) const = 0;
};

/// A member with its value type V and aggregator F. This is the only place that knows both.
template <class K, class V, class A, class F>
class CogroupMemberOf final : public CogroupMember<NonNull<K>, A> {
  using Base = CogroupMember<NonNull<K>, A>;
  using Key = NonNull<K>;
  using VA = NonNull<A>;
  using Initializer = typename Base::Initializer;

 public:
  CogroupMemberOf(std::shared_ptr<Grouping<K, V>> grouping, F aggregator)
      : grouping_(std::move(grouping)), aggregator_(std::move(aggregator)) {}

  [[nodiscard]] const void* grouping() const override { return grouping_.get(); }
  [[nodiscard]] const StreamPosition& position() const override { return grouping_->position(); }
  [[nodiscard]] GraphNode make_repartition(const std::string& store) const override {
    return grouping_->make_repartition(store);
  }
  [[nodiscard]] CarriedSerde<Key> key_serde() const override { return grouping_->key_serde(); }

  [[nodiscard]] NodeFactory make_node(const std::string& store, const Initializer& initializer,
                                      std::shared_ptr<const bool> send_old_values) const override {
    using Fold = AggregateFold<Key, NonNull<V>, VA, Initializer, F>;
    return [store, fold = Fold{initializer, aggregator_}, send_old_values = std::move(send_old_values)] {
      return detail::make_node<AggregateNode<K, V, VA, Fold>>(store, fold, send_old_values);
    };
  }

  [[nodiscard]] NodeFactory make_windowed_node(const typename Base::MakeAggregation& make,
                                               const Initializer& initializer, bool drops_null_values) const override {
    // Time and session windows pass null values to the aggregator, as in Kafka Streams. Sliding windows drop them.
    constexpr bool kTakesNull = std::is_invocable_r_v<std::optional<VA>, F&, const Key&, const V&, A>;
    using Fold = AggregateFold<Key, std::conditional_t<kTakesNull, V, NonNull<V>>, VA, Initializer, F>;
    // The compiler cannot check this, because the kind of windows is not known when the stream is added.
    if (!kTakesNull && !drops_null_values) {
      throw TopologyException(
          "cogroup: time and session windows pass null values on, so the aggregator for the stream "
          "behind '" +
          grouping_->position().name + "' must take std::optional values");
    }
    return [make, fold = Fold{initializer, aggregator_}, drops_null_values] {
      return detail::make_node<WindowedAggregateNode<K, V, VA, Fold>>(make(), fold, drops_null_values);
    };
  }

 private:
  std::shared_ptr<Grouping<K, V>> grouping_;
  F aggregator_;
};

/// All streams of a cogroup. Adds their aggregations to the graph. A plain value; build phase only.
template <class K, class A>
class Cogroup {
 public:
  using Member = CogroupMember<K, A>;
  using MakeFactory = std::function<NodeFactory(const Member&)>;

  explicit Cogroup(std::shared_ptr<Graph> graph) : graph_(std::move(graph)) {}

  /// The graph that all streams of the cogroup belong to.
  [[nodiscard]] Graph& graph() const { return *graph_; }
  /// The key serde of the first stream.
  [[nodiscard]] CarriedSerde<K> key_serde() const { return members_.front()->key_serde(); }

  /// Adds a stream. If the grouping is a member already, its aggregator is replaced.
  void add(std::shared_ptr<const Member> member) {
    if (member->position().graph != graph_) {
      throw TopologyException("cogroup: the stream behind '" + member->position().name +
                              "' belongs to another StreamsBuilder; build one topology with one builder");
    }
    for (auto& known : members_) {
      if (known->grouping() == member->grouping()) {
        known = std::move(member);
        return;
      }
    }
    members_.push_back(std::move(member));
  }

  /// Adds the nodes of an aggregation: repartitionings where needed, one node per stream on a common store, and a node
  /// that merges the results.
  [[nodiscard]] StreamPosition aggregate(const Named& named, std::shared_ptr<const StoreBuilder> store,
                                         std::optional<std::int64_t> window_grace_ms, const MakeFactory& factory,
                                         NodeFactory merge) const {
    // Repartition names are drawn first, as in Java.
    const auto inputs = repartitioned(store->name());
    StreamPosition result = inputs.front();
    std::vector<GraphNode*> nodes;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      GraphNode node(name(named, "-cogroup-agg-" + std::to_string(i), "COGROUPKSTREAM-AGGREGATE-"));
      node.window_grace_ms = window_grace_ms;
      node.write = write_processor(factory(*members_[i]), {}, {store});
      nodes.push_back(&graph_->add(std::move(node), {inputs[i].node}));
      result.sources.insert(inputs[i].sources.begin(), inputs[i].sources.end());
      // A single stream without a version makes the whole table unversioned.
      result.versioned &= inputs[i].versioned;
    }
    GraphNode node(name(named, "-cogroup-merge", "COGROUPKSTREAM-MERGE-"));
    // Records of one key must reach the same task, from whichever stream they come.
    if (members_.size() > 1) graph_->require_copartitioning(result.sources, node.name);
    node.write = write_processor(std::move(merge));
    result.name = node.name;
    result.node = &graph_->add(std::move(node), nodes);
    return result;
  }

 private:
  // The name `<given><suffix>`, or a generated one.
  [[nodiscard]] std::string name(const Named& named, const std::string& suffix, const char* prefix) const {
    return graph_->name_or(named.name().empty() ? std::string() : named.name() + suffix, prefix);
  }

  // The streams as the aggregation needs them: partitioned by their key. `store` names the topics.
  [[nodiscard]] std::vector<StreamPosition> repartitioned(const std::string& store) const {
    std::vector<StreamPosition> inputs;
    for (const auto& member : members_) {
      auto next = member->position();
      if (next.key_changed) {
        // As in Java, the names are drawn for each aggregation, but all aggregations share the topic of the first.
        auto fresh = member->make_repartition(store);
        GraphNode*& shared = (*repartitions_)[member->grouping()];
        if (shared == nullptr) shared = &graph_->add(std::move(fresh), {next.node});
        next.node = shared;
        next.sources = {shared->name};
        next.key_changed = false;
      }
      inputs.push_back(std::move(next));
    }
    return inputs;
  }

  std::shared_ptr<Graph> graph_;
  std::vector<std::shared_ptr<const Member>> members_;
  // By grouping. Shared by all copies of this cogroup; the nodes are owned by the graph.
  std::shared_ptr<std::map<const void*, GraphNode*>> repartitions_ = detail::share<std::map<const void*, GraphNode*>>();
};

/// Adds a windowed aggregation of all streams of a cogroup. `plan` has the store that all streams share.
template <class K, class A>
[[nodiscard]] KTable<Windowed<K>, NonNull<A>> aggregate_windowed(
    const Cogroup<K, A>& cogroup, const Named& named, const MaterializedOptions& options,
    const WindowedPlan<K, NonNull<A>>& plan, const typename CogroupMember<K, A>::Initializer& initializer,
    bool drops_null_values, const AnySerde<NonNull<A>>& values) {
  using VA = NonNull<A>;
  auto position = cogroup.aggregate(
      named, plan.store, plan.grace_ms,
      [&](const CogroupMember<K, A>& member) {
        return member.make_windowed_node(plan.make_aggregation, initializer, drops_null_values);
      },
      +[] { return detail::make_node<PassThroughNode<Windowed<K>, Change<VA>>>(); });
  plan.table->set_versioned(position.versioned);
  return KTable<Windowed<K>, VA>(std::move(position), plan.key_serde, values, options.store_name, plan.table);
}

/// Checks the initializer of a cogroup against the aggregate type of its aggregators.
template <class I, class A>
[[nodiscard]] constexpr bool require_cogroup_initializer() {
  constexpr bool kGivesAggregate = std::is_invocable_r_v<A, I&>;
  static_assert(kGivesAggregate,
                "the initializer must be callable without arguments and return the aggregate type that the cogroup's "
                "aggregators take");
  return kGivesAggregate;
}

/// Checks an aggregator of a cogroup, and that its aggregate type A is known.
template <class A, class F, class K, class V>
[[nodiscard]] constexpr bool require_cogroup_aggregator() {
  constexpr bool kTyped = !std::is_void_v<A>;
  static_assert(kTyped, "the aggregate's type cannot be told from this aggregator: name it as cogroup<Aggregate>(...)");
  if constexpr (kTyped) {
    constexpr bool kCallable = std::is_invocable_r_v<std::optional<NonNull<A>>, F&, const K&, const NonNull<V>&, A>;
    static_assert(kCallable,
                  "the aggregator must be callable as aggregator(key, value, aggregate) with the types of the grouped "
                  "stream, and return the aggregate");
    return kCallable;
  }
  return false;
}

}  // namespace millrace::detail
