// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "millrace/state/key_value_store.hpp"
#include "oracle/cpp/program/program.hpp"

// Shared by the processors of a program. The counterparts of Processors.java, ContextProcessors.java, HeaderStores.java
// and StoreWalks.java.

namespace oracle::program {

using Processor = millrace::Processor<Key, Value>;
using FixedKeyProcessor = millrace::FixedKeyProcessor<Key, Value>;
using Store = millrace::KeyValueStore<Dynamic, Dynamic>;

/// Makes the processor `f`. `store`: the first store of the node, or the global store that the node reads.
[[nodiscard]] std::unique_ptr<Processor> make_processor(const Function& f, const std::string& store);
[[nodiscard]] millrace::StoreBuilder make_store(const Json& store);
/// A processor that puts the records of a topic into a global store.
[[nodiscard]] std::unique_ptr<Processor> make_filler(const std::string& store);

/// These return nullptr if the function is not one of their file.
[[nodiscard]] std::unique_ptr<Processor> make_context_processor(const Function& f);
[[nodiscard]] std::unique_ptr<FixedKeyProcessor> make_context_value_processor(const Function& f);
[[nodiscard]] std::unique_ptr<Processor> make_walking_processor(const Function& f, const std::string& store);
[[nodiscard]] std::unique_ptr<Processor> make_header_processor(const Function& f, const std::string& store);

/// Java's put: null deletes.
inline void put_or_delete(Store& store, const Dynamic& key, const Value& value) {
  store.put_one(key, value ? &*value : nullptr);
}

/// Base of processors that forward what their store returned.
class WithStore : public Processor {
 public:
  explicit WithStore(std::string store, millrace::Timestamp span = 0) : store_(std::move(store)), span_(span) {}
  void process(millrace::Record<Key, Value> record) override {
    if (record.key.is_null()) return;
    auto answer = use(record);
    context().forward(record.with_value(Value(std::move(answer))));
  }

 protected:
  [[nodiscard]] virtual std::string use(const millrace::Record<Key, Value>& record) = 0;
  template <class S>
  [[nodiscard]] S& store() {
    return context().get_state_store<S>(store_);
  }
  [[nodiscard]] millrace::Timestamp before(millrace::Timestamp time) const {
    return std::max<millrace::Timestamp>(0, time - span_);
  }
  [[nodiscard]] millrace::Timestamp after(millrace::Timestamp time) const { return time + span_; }

 private:
  std::string store_;
  millrace::Timestamp span_;
};

}  // namespace oracle::program
