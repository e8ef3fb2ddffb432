// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/common/detail/make.hpp"
#include "millrace/dsl/detail/streams/stateless_nodes.hpp"
#include "millrace/dsl/kstream.hpp"

namespace millrace {

/// One branch of a split: its name, and optionally a function that processes it. Made by the functions of `Branched`.
/// (Kafka Streams: `Branched`.)
template <class K, class V>
class BranchedWith {
 public:
  using Function = std::function<KStream<K, V>(const KStream<K, V>&)>;
  using Consumer = std::function<void(const KStream<K, V>&)>;

  BranchedWith() = default;
  /// Never usable: a plain name here makes the compiler print how to name a branch.
  template <class T>
  requires(std::same_as<T, Named> || detail::Text<T>) BranchedWith(
      const T& /*name*/) {  // NOLINT(google-explicit-constructor): it stands where a Branched was forgotten
    static_assert(detail::kNever<T>, "a branch is named by Branched::as(\"name\")");
  }
  BranchedWith(std::string name, Function function, Consumer consumer)
      : name_(std::move(name)), function_(std::move(function)), consumer_(std::move(consumer)) {}

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Function& function() const { return function_; }
  [[nodiscard]] const Consumer& consumer() const { return consumer_; }

 private:
  std::string name_;
  Function function_;
  Consumer consumer_;
};

/// Makes a BranchedWith: `Branched::as("name")` and the functions below. The types come from the stream that is split.
class Branched {
 public:
  Branched() = default;
  /// Names the branch. The full name is the split's name followed by `name`.
  [[nodiscard]] static Branched as(std::string name) {
    Branched branched;
    branched.name_ = std::move(name);
    return branched;
  }
  /// Processes the branch with `function`. The map of branches then contains the stream that `function(branch)`
  /// returns.
  template <class K, class V>
  [[nodiscard]] static BranchedWith<K, V> with_function(std::function<KStream<K, V>(const KStream<K, V>&)> function,
                                                        std::string name = {}) {
    return {std::move(name), std::move(function), {}};
  }
  /// Processes the branch with `consumer(branch)`. The map of branches then does not contain the branch.
  template <class K, class V>
  [[nodiscard]] static BranchedWith<K, V> with_consumer(std::function<void(const KStream<K, V>&)> consumer,
                                                        std::string name = {}) {
    return {std::move(name), {}, std::move(consumer)};
  }

  template <class K, class V>
  operator BranchedWith<K, V>() const {  // NOLINT(google-explicit-constructor): `as` knows no types
    return {name_, {}, {}};
  }

 private:
  std::string name_;
};

/// A stream that is being split into branches. Build phase only. (Kafka Streams: `BranchedKStream`.)
///
/// A branch's name is the name of the split followed by the branch's own name. The split's name is the one given to
/// split(), or a generated one. Without a name of its own, a branch uses its position, counted from 1; the default
/// branch uses 0.
template <class K, class V>
class BranchedKStream {
 public:
  /// The branches by name.
  using Branches = std::map<std::string, KStream<K, V>>;

  /// Adds a branch. It gets the records for which `predicate(key, value)` (or `predicate(value)`) is true, if no
  /// earlier branch took them.
  template <class F>
  BranchedKStream& branch(F predicate, const BranchedWith<K, V>& branched = {}) {
    if constexpr (detail::require_predicate<F, K, const V&>()) {
      predicates_->push_back([predicate](const K& key, const V& value, const detail::TaskContext& task) mutable {
        return static_cast<bool>(detail::call(predicate, key, value, task));
      });
      add(branched, std::to_string(predicates_->size()));
    }
    return *this;
  }

  /// Adds a branch for all remaining records. Ends the split and returns the branches by name.
  Branches default_branch(const BranchedWith<K, V>& branched = {}) {
    add(branched, "0");
    return branches_;
  }
  /// Ends the split and returns the branches by name. Records that no branch took are dropped.
  Branches no_default_branch() { return branches_; }

 private:
  friend class KStream<K, V>;
  using Predicates = std::vector<typename detail::BranchNode<K, V>::Predicate>;

  BranchedKStream(KStream<K, V> source, const Named& named)
      : source_(std::move(source)), predicates_(detail::share<Predicates>()) {
    name_ = source_.position().graph->name_or(named.name(), "KSTREAM-BRANCH-");
    splitter_ = detail::add_operator(source_.position(), name_, [predicates = predicates_] {
                  return detail::make_node<detail::BranchNode<K, V>>(*predicates);
                }).node;
  }

  // Adds a branch as a child of the split node. The split node addresses its children by their order.
  void add(const BranchedWith<K, V>& branched, const std::string& position) {
    auto split = source_.position();
    split.node = splitter_;
    const std::string name = name_ + (branched.name().empty() ? position : branched.name());
    // Every branch uses up a number, as in Java, though its name does not show the number.
    (void)split.graph->new_processor_name(name);
    const KStream<K, V> branch(detail::add_operator(
                                   split, name, +[] { return detail::make_node<detail::PassThroughNode<K, V>>(); }),
                               source_.key_serde(), source_.value_serde());
    if (branched.function()) {
      branches_.insert_or_assign(name, branched.function()(branch));
    } else if (branched.consumer()) {
      branched.consumer()(branch);
    } else {
      branches_.insert_or_assign(name, branch);
    }
  }

  KStream<K, V> source_;
  std::shared_ptr<Predicates> predicates_;  // shared with the node's factory, because branches are added after the node
  std::string name_;
  detail::GraphNode* splitter_ = nullptr;  // the node that evaluates the predicates; owned by the graph
  Branches branches_;
};

template <class K, class V>
BranchedKStream<K, V> KStream<K, V>::split(const Named& named) const {
  return BranchedKStream<K, V>(*this, named);
}

}  // namespace millrace
