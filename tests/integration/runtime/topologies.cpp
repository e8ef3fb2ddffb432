#include "integration/runtime/topologies.hpp"

#include "millrace/dsl/kgrouped_stream.hpp"
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

}  // namespace millrace::runtime_test
