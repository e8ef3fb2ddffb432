// SPDX-License-Identifier: Apache-2.0
#include "integration/runtime/topologies.hpp"

#include <memory>
#include <thread>
#include <utility>

#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/kgrouped_table.hpp"
#include "millrace/dsl/ktable.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"
#include "millrace/state/stores.hpp"

namespace millrace::runtime_test {

Topology counting(const std::string& in, const std::string& out) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in).group_by_key().count(Materialized::as("counts")).to_stream().to(out);
  return builder.build();
}

Topology counting_values(const std::string& in, const std::string& out) {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>(in)
      .select_key([](const std::string&, const std::string& value) { return value; })
      .group_by_key()
      .count(Materialized::as("counts"))
      .to_stream()
      .to(out);
  return builder.build();
}

Topology foreign_key_join(const std::string& in, const std::string& out) {
  StreamsBuilder builder;
  const auto other = builder.table<std::string, std::string>(in + "-other");
  builder.table<std::string, std::string>(in)
      .join(
          other, [](const std::string& value) { return value.substr(0, value.find('/')); },
          [](const std::string& value, const std::string& joined) { return value + "+" + joined; })
      .to_stream()
      .to(out);
  return builder.build();
}

Topology counting_rows(const std::string& in, const std::string& out) {
  StreamsBuilder builder;
  builder.table<std::string, std::string>(in)
      .group_by([](const std::string& key, const std::string& value) {
        return KeyValue<std::string, std::string>{value, key};
      })
      .count(Materialized::as("counts"))
      .to_stream()
      .to(out);
  return builder.build();
}

namespace {

class SlowCopy final : public Processor<std::string, std::string> {
 public:
  void process(Record<std::string, std::string> record) override {
    std::this_thread::sleep_for(Millis(1));
    context().get_state_store<KeyValueStore<std::string, std::string>>("rows").put(record.key, record.value);
  }
};

}  // namespace

Topology slow_global_store(const std::string& in) {
  StoreBuilder rows = Stores::key_value_store<std::string, std::string>("rows", StoreMedium::rocksdb);
  rows.with_logging_disabled();
  Topology topology;
  topology.add_global_store<std::string, std::string>(std::move(rows), "source", in, "copy",
                                                      [] { return std::make_unique<SlowCopy>(); });
  return topology;
}

}  // namespace millrace::runtime_test
