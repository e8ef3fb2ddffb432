#include "millrace/dsl/detail/kstream_join_impl.hpp"

namespace millrace::detail {

JoinNames::JoinNames() = default;
JoinNames::JoinNames(const JoinNames&) = default;
JoinNames::JoinNames(JoinNames&&) noexcept = default;
JoinNames& JoinNames::operator=(const JoinNames&) = default;
JoinNames& JoinNames::operator=(JoinNames&&) noexcept = default;
JoinNames::~JoinNames() = default;

StreamJoin::StreamJoin() = default;
StreamJoin::StreamJoin(const StreamJoin&) = default;
StreamJoin::StreamJoin(StreamJoin&&) noexcept = default;
StreamJoin& StreamJoin::operator=(const StreamJoin&) = default;
StreamJoin& StreamJoin::operator=(StreamJoin&&) noexcept = default;
StreamJoin::~StreamJoin() = default;

std::string shared_store_name(const std::string& base, bool right_outer) {
  return base + (right_outer ? "-outer" : "-left") + "-shared-join-store";
}

JoinNames draw_join_names(Graph& graph, const std::string& name, const std::string& store_name, bool left_outer,
                          bool right_outer) {
  const std::string this_suffix = right_outer ? "-outer-this-join" : "-this-join";
  const std::string other_suffix = left_outer ? "-outer-other-join" : "-other-join";
  const auto named = [&](const std::string& suffix) { return name.empty() ? std::string() : name + suffix; };

  JoinNames names;
  names.this_windowed = graph.name_or(named("-this-windowed"), "KSTREAM-WINDOWED-");
  names.other_windowed = graph.name_or(named("-other-windowed"), "KSTREAM-WINDOWED-");
  names.this_generated = graph.new_processor_name(right_outer ? "KSTREAM-OUTERTHIS-" : "KSTREAM-JOINTHIS-");
  names.other_generated = graph.new_processor_name(left_outer ? "KSTREAM-OUTEROTHER-" : "KSTREAM-JOINOTHER-");
  names.this_join = name.empty() ? names.this_generated : named(this_suffix);
  names.other_join = name.empty() ? names.other_generated : named(other_suffix);
  names.merge = graph.name_or(named("-merge"), "KSTREAM-MERGE-");

  names.this_store = store_name.empty() ? names.this_generated + "-store" : store_name + this_suffix + "-store";
  names.other_store = store_name.empty() ? names.other_generated + "-store" : store_name + other_suffix + "-store";
  if (store_name.empty()) {
    const std::size_t number = names.this_generated.rfind('-');
    names.outer_store = "KSTREAM-OUTERSHARED" + names.this_generated.substr(number) + "-store";
  } else {
    names.outer_store = shared_store_name(store_name, right_outer);
  }
  return names;
}

std::function<void(const GraphNode&, TopologyBuilder&)> write_stream_join(StreamJoin join) {
  return [join = std::move(join)](const GraphNode& node, TopologyBuilder& builder) {
    const JoinNames& names = join.names;
    if (node.self_join) {
      builder.add_processor(names.merge, join.self, {names.this_windowed});
      builder.add_state_store(join.left_store, {names.this_windowed, names.merge});
      return;
    }
    builder.add_processor(names.this_join, join.left, {names.this_windowed});
    builder.add_processor(names.other_join, join.right, {names.other_windowed});
    builder.add_processor(names.merge, join.merge, {names.this_join, names.other_join});
    builder.add_state_store(join.left_store, {names.this_windowed, names.other_join});
    builder.add_state_store(join.right_store, {names.other_windowed, names.this_join});
    if (join.outer_store) builder.add_state_store(join.outer_store, {names.this_join, names.other_join});
  };
}

}  // namespace millrace::detail
