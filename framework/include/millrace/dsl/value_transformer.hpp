// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "millrace/processor/processor.hpp"

namespace millrace {

/// User code that computes the values of a table from another table, with access to stores. (Kafka Streams:
/// `ValueTransformerWithKey`.) There is one instance per task. If the result has no store, each operator that reads the
/// result has an instance too. One thread uses an instance.
template <class K, class VIn, class VOut>
class ValueTransformerWithKey {
 public:
  using KeyType = K;
  using ValueIn = VIn;
  using ValueOut = VOut;

  virtual ~ValueTransformerWithKey() = default;

  /// Called once before the first value. Look up stores here. The context lives as long as the transformer.
  virtual void init(ProcessingContext& context) { context_ = &context; }

  /// Returns the new value; nullopt deletes the key from the result. `value` is nullptr if the table has no value for
  /// the key. An exception fails the record.
  virtual std::optional<VOut> transform(const K& key, const VIn* value) = 0;

  /// Called once, when the task closes.
  virtual void close() {}

 protected:
  [[nodiscard]] ProcessingContext& context() const { return *context_; }

 private:
  ProcessingContext* context_ = nullptr;
};

}  // namespace millrace
