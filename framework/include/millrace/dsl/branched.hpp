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

/// How one branch of a split is named and what becomes of it. (Kafka Streams: `Branched`.)
template <class K, class V>
class BranchedWith {
 public:
  using Function = std::function<KStream<K, V>(const KStream<K, V>&)>;
  using Consumer = std::function<void(const KStream<K, V>&)>;

  BranchedWith() = default;
  /// For the compiler to say how to name a branch.
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

/// Starting point: `Branched::as("name")`. The types come from the stream that is split.
class Branched {
 public:
  Branched() = default;
  /// The branch's own part of its name, behind that of the split.
  [[nodiscard]] static Branched as(std::string name) {
    Branched branched;
    branched.name_ = std::move(name);
    return branched;
  }
  /// The branch in the map is what `function(branch)` returns.
  template <class K, class V>
  [[nodiscard]] static BranchedWith<K, V> with_function(std::function<KStream<K, V>(const KStream<K, V>&)> function,
                                                        std::string name = {}) {
    return {std::move(name), std::move(function), {}};
  }
  /// `consumer(branch)` uses the branch; it does not appear in the map.
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

/// A stream being split. Branch names are the name given to split (or generated) followed by the branch's own name
/// (or its 1-based position; the default branch's is 0). (Kafka Streams: `BranchedKStream`.)
template <class K, class V>
class BranchedKStream {
 public:
  using Branches = std::map<std::string, KStream<K, V>>;

  /// Takes the records for which `predicate` holds and no earlier one did.
  template <class F>
  BranchedKStream& branch(F predicate, const BranchedWith<K, V>& branched = {}) {
    if constexpr (detail::require_predicate<F, K, const V&>()) {
      predicates_->push_back([predicate](const K& key, const V& value) mutable {
        return static_cast<bool>(detail::call(predicate, key, value));
      });
      add(branched, std::to_string(predicates_->size()));
    }
    return *this;
  }

  /// Takes what no predicate took. Ends the split: the branches by name.
  Branches default_branch(const BranchedWith<K, V>& branched = {}) {
    add(branched, "0");
    return branches_;
  }
  /// Drops what no predicate took. Ends the split.
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

  void add(const BranchedWith<K, V>& branched, const std::string& position) {
    auto split = source_.position();
    split.node = splitter_;
    const std::string name = name_ + (branched.name().empty() ? position : branched.name());
    (void)split.graph->new_processor_name(name);  // every branch draws a number, though its name does not show it
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
  std::shared_ptr<Predicates> predicates_;
  std::string name_;
  detail::GraphNode* splitter_ = nullptr;
  Branches branches_;
};

template <class K, class V>
BranchedKStream<K, V> KStream<K, V>::split(const Named& named) const {
  return BranchedKStream<K, V>(*this, named);
}

}  // namespace millrace
