// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "oracle/cpp/program/extractor.hpp"
#include "oracle/cpp/program/partitioner.hpp"
#include "oracle/cpp/program/program.hpp"

// Sources, sinks and the stateless operators of streams.

namespace oracle::program {
namespace {

using millrace::Consumed;
using millrace::KStream;
using millrace::Produced;

template <class C>
Stream read(Program& program, const Json& op, const C& consumed) {
  if (op.contains("pattern")) {
    return program.builder().stream<Key, Value>(millrace::Pattern{op.at("pattern")}, consumed);
  }
  return program.builder().stream<Key, Value>(op.at("topics").get<std::vector<std::string>>(), consumed);
}

void source(Program& program, const Json& op) {
  const auto key = type_in(op, "key_type");
  const auto value = type_in(op, "value_type");
  with_extractor(op, Consumed::with(DynamicSerde{key}, ValueSerde{value}).with_name(name(op)),
                 [&](const auto& consumed) { program.set(op, read(program, op, consumed), key, value); });
}

std::optional<std::string> text_in(const Json& op, const char* field) {
  if (!op.contains(field)) return std::nullopt;
  return op.at(field).get<std::string>();
}

/// Chooses a topic by the first character of the value.
struct PrefixedTopic {
  std::string prefix;
  std::optional<std::string> refused;  ///< values that contain this text have no topic
  template <class K, class V>
  std::string operator()(const K& /*key*/, const V& value, const millrace::RecordContext& /*context*/) const {
    const std::string shown = text(dynamic(value));
    if (refused && contains(shown, *refused)) throw std::invalid_argument("no topic for " + shown);
    return prefix + first_characters(shown, 1);
  }
};

/// A serde that cannot write values that contain `text`, if `text` is given.
template <class V>
struct Refusing {
  millrace::AnySerde<V> inner;
  std::optional<std::string> part;

  bool serialize(std::string_view topic, const V& value, std::string& out) const {
    if (part && contains(text(dynamic(value)), *part)) {
      throw millrace::SerializationException("not wanted: " + text(dynamic(value)));
    }
    return inner.serialize(topic, value, out);
  }
  [[nodiscard]] V deserialize(std::string_view topic, millrace::BytesView bytes) const {
    return inner.deserialize(topic, bytes);
  }
};

void to(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const auto refused = text_in(op, "throw_if_contains");
  with_stream(from, [&]<class K, class V>(const KStream<K, V>& stream) {
    const Refusing<V> values{serde_of<V>(from.value), refused};
    const auto produced = Produced::with(serde_of<K>(from.key), values).with_name(name(op));
    const auto write = [&](const auto& how) {
      if (op.contains("topic_prefix")) {
        stream.to(PrefixedTopic{op.at("topic_prefix"), text_in(op, "no_topic_if_contains")}, how);
      } else {
        stream.to(op.at("topic").get<std::string>(), how);
      }
    };
    if (op.contains("partitioner")) {
      write(produced.with_stream_partitioner(Partitioner(op.at("partitioner").get<std::string>())));
    } else {
      write(produced);
    }
  });
}

void map_stream(Program& program, const Json& op) {
  const Mapper mapper(fn(op));
  const auto& from = program.from(op);
  const auto types = mapped_types(mapper, from.key, from.value);
  with_stream(from,
              [&](const auto& stream) { program.set(op, stream.map(mapper, named(op)), types.key, types.value); });
}

void map_values(Program& program, const Json& op) {
  const ValueMapper mapper(fn(op));
  const auto& from = program.from(op);
  const auto type = mapped_value_type(mapper, from.value);
  with_stream(from, [&](const auto& stream) { program.set(op, stream.map_values(mapper, named(op)), from.key, type); });
}

void flat_map_stream(Program& program, const Json& op) {
  const FlatMapper mapper(fn(op));
  const auto& from = program.from(op);
  const auto types = flat_mapped_types(mapper, from.key, from.value);
  with_stream(from,
              [&](const auto& stream) { program.set(op, stream.flat_map(mapper, named(op)), types.key, types.value); });
}

void flat_map_stream_values(Program& program, const Json& op) {
  const FlatValueMapper mapper(fn(op));
  const auto& from = program.from(op);
  with_stream(from, [&](const auto& stream) {
    program.set(op, stream.flat_map_values(mapper, named(op)), from.key, Type::string);
  });
}

void filter(Program& program, const Json& op, bool keep) {
  const Predicate predicate(fn(op));
  const auto& from = program.from(op);
  with_stream(from, [&](const auto& stream) {
    program.set(op, keep ? stream.filter(predicate, named(op)) : stream.filter_not(predicate, named(op)), from.key,
                from.value);
  });
}

void key_select(Program& program, const Json& op) {
  const KeySelector selector(fn(op));
  const auto& from = program.from(op);
  const auto type = selected_key_type(selector, from.key, from.value);
  with_stream(from,
              [&](const auto& stream) { program.set(op, stream.select_key(selector, named(op)), type, from.value); });
}

struct Nothing {
  template <class K, class V>
  void operator()(const K& /*key*/, const V& /*value*/) const {}
};

void peek(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_stream(from,
              [&](const auto& stream) { program.set(op, stream.peek(Nothing(), named(op)), from.key, from.value); });
}

void for_each(Program& program, const Json& op) {
  with_stream(program.from(op), [&](const auto& stream) { stream.for_each(Nothing(), named(op)); });
}

void merge(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_stream(from, [&]<class S>(const S& stream) {
    program.set(op, stream.merge(as<S>(program.with(op), "a stream to merge with"), named(op)), from.key, from.value);
  });
}

void split(Program& program, const Json& op) {
  const auto from = program.from(op);  // a copy: nodes are added below
  with_stream(from, [&]<class K, class V>(const KStream<K, V>& stream) {
    auto splitter = stream.split(named(op));
    const auto branched = [&](const Json& branch) {
      const auto id = branch.at("id").get<std::string>();
      const auto keep = [&program, &from, id](const KStream<K, V>& made) {
        program.set(id, made, from.key, from.value);
        return made;
      };
      if (!branch.value("function", false)) return millrace::Branched::with_consumer<K, V>(keep, name(branch));
      return millrace::Branched::with_function<K, V>(
          [keep](const KStream<K, V>& made) { return keep(made.peek(Nothing())); }, name(branch));
    };
    for (const auto& branch : op.at("branches")) splitter.branch(Predicate(fn(branch)), branched(branch));
    if (op.contains("default")) {
      splitter.default_branch(branched(op.at("default")));
    } else {
      splitter.no_default_branch();
    }
  });
}

void repartition(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_stream(from, [&]<class K, class V>(const KStream<K, V>& stream) {
    auto how = millrace::Repartitioned::with(serde_of<K>(from.key), serde_of<V>(from.value)).with_name(name(op));
    if (op.contains("partitions")) how = how.with_number_of_partitions(op.at("partitions").get<std::int32_t>());
    if (op.contains("partitioner")) {
      const Partitioner partitioner(op.at("partitioner").get<std::string>());
      program.set(op, stream.repartition(how.with_stream_partitioner(partitioner)), from.key, from.value);
    } else {
      program.set(op, stream.repartition(how), from.key, from.value);
    }
  });
}

}  // namespace

void add_stream_operators(Program::Operators& operators) {
  operators["stream"] = source;
  operators["to"] = to;
  operators["map"] = map_stream;
  operators["map_values"] = map_values;
  operators["flat_map"] = flat_map_stream;
  operators["flat_map_values"] = flat_map_stream_values;
  operators["filter"] = [](Program& program, const Json& op) { filter(program, op, true); };
  operators["filter_not"] = [](Program& program, const Json& op) { filter(program, op, false); };
  operators["select_key"] = key_select;
  operators["peek"] = peek;
  operators["for_each"] = for_each;
  operators["merge"] = merge;
  operators["split"] = split;
  operators["repartition"] = repartition;
}

}  // namespace oracle::program
