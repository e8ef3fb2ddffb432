#include "integration/runtime/topologies.hpp"

#include "millrace/dsl/kgrouped_stream.hpp"
#include "millrace/dsl/kgrouped_table.hpp"
#include "millrace/dsl/ktable.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

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

}  // namespace millrace::runtime_test
