// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/processor/processor.hpp"
#include "millrace/serde/json.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/key_value_store.hpp"
#include "trades/model.hpp"
#include "trades/trades_analysis/topology.hpp"

namespace trades {

/// The volumes of a symbol's last trades, in a ring.
struct RecentVolumes {
  std::vector<double> volumes;
  std::int64_t next = 0;  ///< the place of the oldest one, which the next trade replaces, once the ring is full

  /// Adds a volume. The ring has `size` places; a ring of another size, from an earlier run, begins anew.
  void add(double volume, std::size_t size) {
    if (volumes.size() > size || next < 0 || next >= static_cast<std::int64_t>(size)) *this = {};
    if (volumes.size() < size) {
      volumes.push_back(volume);
      return;
    }
    volumes[static_cast<std::size_t>(next)] = volume;
    next = (next + 1) % static_cast<std::int64_t>(size);
  }

  /// Summed anew each time, so that rounding errors do not grow.
  [[nodiscard]] double average() const {
    double sum = 0;
    for (const double volume : volumes) sum += volume;
    return volumes.empty() ? 0 : sum / static_cast<double>(volumes.size());
  }
};
MILLRACE_JSON(RecentVolumes, volumes, next)

/// Compares each trade with the average volume of the trades before it, in the order of reading. One instance per task;
/// one thread.
class LargeTradeFinder : public millrace::FixedKeyProcessor<std::string, Trade, LargeTrade> {
 public:
  static constexpr const char* kStore = "recent-volumes";

  explicit LargeTradeFinder(const AnalysisRule& rule)
      : factor_(rule.factor), window_(static_cast<std::size_t>(rule.window)) {}

  void init(millrace::FixedKeyProcessorContext<std::string, LargeTrade>& context) override {
    FixedKeyProcessor::init(context);
    recent_ = &context.get_state_store<millrace::KeyValueStore<std::string, RecentVolumes>>(kStore);
  }

  void process(millrace::FixedKeyRecord<std::string, Trade> record) override {
    const Trade& trade = record.value();
    auto recent = recent_->get(record.key()).value_or(RecentVolumes{});
    const double average = recent.average();
    const bool full = recent.volumes.size() == window_;
    recent.add(trade.volume, window_);
    recent_->put(record.key(), recent);
    if (!full || trade.volume <= factor_ * average) return;
    context().forward(record.with_value(LargeTrade{
        .symbol = trade.symbol, .price = trade.price, .volume = trade.volume, .time = trade.time, .average = average}));
  }

 private:
  double factor_;
  std::size_t window_;
  millrace::KeyValueStore<std::string, RecentVolumes>* recent_ = nullptr;
};

}  // namespace trades
