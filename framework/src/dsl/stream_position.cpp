#include "millrace/common/errors.hpp"
#include "millrace/dsl/kstream.hpp"

namespace millrace::detail {

StreamPosition::StreamPosition() = default;
StreamPosition::StreamPosition(const StreamPosition&) = default;
StreamPosition::StreamPosition(StreamPosition&&) noexcept = default;
StreamPosition& StreamPosition::operator=(const StreamPosition&) = default;
StreamPosition& StreamPosition::operator=(StreamPosition&&) noexcept = default;
StreamPosition::~StreamPosition() = default;

void require_one_builder(const StreamPosition& one, const StreamPosition& other, const char* operation) {
  if (one.graph == other.graph) return;
  throw TopologyException(std::string(operation) + ": the streams behind '" + one.name + "' and '" + other.name +
                          "' belong to two StreamsBuilders; build one topology with one builder");
}

}  // namespace millrace::detail
