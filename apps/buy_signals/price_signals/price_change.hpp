// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "buy_signals/model.hpp"
#include "millrace/processor/processor.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/serde/serde.hpp"
#include "millrace/state/key_value_store.hpp"

namespace buy_signals {

/// Compares each price with the previous close of the same symbol. Keeps the last close of each symbol in a store. The
/// store's changelog topic restores it after a restart. One instance per task; one thread.
class PriceChange : public millrace::FixedKeyProcessor<millrace::Unkeyed, Price, Variation> {
 public:
  static constexpr const char* kStore = "last-close";

  void init(millrace::FixedKeyProcessorContext<millrace::Unkeyed, Variation>& context) override {
    FixedKeyProcessor::init(context);
    last_close_ = &context.get_state_store<millrace::KeyValueStore<std::string, double>>(kStore);
  }

  void process(millrace::FixedKeyRecord<millrace::Unkeyed, Price> record) override {
    const Price& price = record.value();
    const auto previous = last_close_->get(price.symbol);
    last_close_->put(price.symbol, price.close);
    if (!previous) return;  // the symbol's first price
    context().forward(record.with_value(Variation{.id = observation_id(price),
                                                  .variation_ex = (price.close - *previous) / *previous,
                                                  .variation_in = (price.close - price.open) / price.open}));
  }

 private:
  millrace::KeyValueStore<std::string, double>* last_close_ = nullptr;
};

}  // namespace buy_signals
