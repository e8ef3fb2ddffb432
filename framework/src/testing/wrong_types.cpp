// SPDX-License-Identifier: Apache-2.0
#include "testing/wrong_types.hpp"

#include <algorithm>
#include <cctype>

#include "common/nearest.hpp"
#include "millrace/processor/detail/node.hpp"

namespace millrace::detail {
namespace {

/// The method of TopologyTestDriver for an interface: get_window_store<K, V> for WindowStore<K, V>. For the interface
/// of a custom store: get_state_store.
std::string getter_of(const std::string& interface) {
  const std::size_t end = interface.find('<');
  if (!std::string_view(interface).substr(0, end).ends_with("Store") &&
      !std::string_view(interface).substr(0, end).ends_with("StoreWithHeaders")) {
    return "get_state_store";
  }
  std::string getter = "get";
  for (const char letter : interface.substr(0, end)) {
    if (std::isupper(static_cast<unsigned char>(letter)) != 0) getter += '_';
    getter += static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return getter + interface.substr(std::min(end, interface.size()));
}

}  // namespace

void refuse(const std::string& name, const StateStore* store, const std::vector<std::string>& names) {
  if (store != nullptr) {
    throw TopologyException("state store '" + name + "' is a " + store->interface() + ": read it with " +
                            getter_of(store->interface()) + "(\"" + name + "\")");
  }
  std::string text = "the topology has no state store '" + name + "'";
  if (names.empty()) throw TopologyException(text + ", and no other state store");
  Nearest nearest(name);
  text += ". It has ";
  for (const std::string& known : names) {
    nearest.consider(known);
    text += (known == names.front() ? "'" : ", '") + known + "'";
  }
  throw TopologyException(text + ": did you mean '" + nearest.best() + "'?");
}

void refuse_output(const TopologyBuilder& topology, const std::string& topic, const SerializationException& error) {
  std::string text = "topic '" + topic + "': " + error.what();
  for (const NodeSpec& spec : topology.nodes()) {
    if (spec.kind != NodeSpec::Kind::sink || std::ranges::find(spec.topics, topic) == spec.topics.end()) continue;
    const std::string types = spec.factory()->written_types().str();
    throw SerializationException(text + ". The topology writes this topic as <" + types +
                                 ">: read it with create_output_topic<" + types + ">(\"" + topic +
                                 "\"), or with the serdes that the sink has");
  }
  throw SerializationException(text);
}

}  // namespace millrace::detail
