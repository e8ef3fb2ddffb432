#pragma once

#include <optional>

#include "millrace/processor/processor.hpp"

namespace millrace {

/// User code that makes a table's value from another's, with access to stores. One instance per task (and per operator
/// that reads a table which is not kept in a store), used by one thread. (Kafka Streams: `ValueTransformerWithKey`.)
template <class K, class VIn, class VOut>
class ValueTransformerWithKey {
 public:
  using KeyType = K;
  using ValueIn = VIn;
  using ValueOut = VOut;

  virtual ~ValueTransformerWithKey() = default;

  /// Called once before the first value: look up stores. The context lives as long as the transformer.
  virtual void init(ProcessingContext& context) { context_ = &context; }

  /// `value` is nullptr where the table has none for the key; nullopt deletes the key from the result.
  virtual std::optional<VOut> transform(const K& key, const VIn* value) = 0;

  virtual void close() {}

 protected:
  [[nodiscard]] ProcessingContext& context() const { return *context_; }

 private:
  ProcessingContext* context_ = nullptr;
};

}  // namespace millrace
