// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::detail {

/// Puts each record into the store "st".
class PutIntoStore final : public Processor<std::string, std::string> {
 public:
  void process(Record<std::string, std::string> record) override {
    context().get_state_store<KeyValueStore<std::string, std::string>>("st").put(record.key, record.value);
  }
};

/// Puts topic "in" into the store "st", which `store` builds.
inline Topology put_topology(StoreBuilder store) {
  StreamsBuilder builder;
  builder.add_state_store(std::move(store));
  builder.stream<std::string, std::string>("in").process([] { return std::make_unique<PutIntoStore>(); }, {"st"});
  return builder.build();
}

/// A record of topic "in". `topic`, `key` and `value` must outlive it.
inline ConsumerRecord input_record(const std::string& topic, std::int64_t offset, std::string_view key,
                                   std::string_view value) {
  ConsumerRecord record;
  record.topic = &topic;
  record.offset = offset;
  record.timestamp = 10;
  record.key = key;
  record.value = value;
  return record;
}

}  // namespace millrace::detail
