// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/extractor.hpp"
#include "oracle/cpp/program/materialized.hpp"
#include "oracle/cpp/program/program.hpp"

// Tables, and operators that derive one table from another.

namespace oracle::program {
namespace {

using millrace::Consumed;
using millrace::KTable;

void table_source(Program& program, const Json& op) {
  const auto key = type_in(op, "key_type");
  const auto value = type_in(op, "value_type");
  const auto topic = op.at("topic").get<std::string>();
  with_materialized<Dynamic, Dynamic>(op, key, value, [&](const auto&... how) {
    with_extractor(op, Consumed::with(DynamicSerde{key}, DynamicSerde{value}).with_name(name(op)),
                   [&](const auto& consumed) {
                     program.set(op, program.builder().table<Dynamic, Dynamic>(topic, consumed, how...), key, value);
                   });
  });
}

void global_table(Program& program, const Json& op) {
  const auto key = type_in(op, "key_type");
  const auto value = type_in(op, "value_type");
  with_materialized<Dynamic, Dynamic>(op, key, value, [&](const auto&... how) {
    with_extractor(op, Consumed::with(DynamicSerde{key}, DynamicSerde{value}).with_name(name(op)),
                   [&](const auto& consumed) {
                     program.set(op, program.builder().global_table<Dynamic, Dynamic>(op.at("topic"), consumed, how...),
                                 key, value);
                   });
  });
}

void to_table(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_stream(from, [&]<class K, class V>(const millrace::KStream<K, V>& stream) {
    with_materialized<K, Kept<V>>(op, from.key, from.value, [&](const auto&... how) {
      program.set(op, stream.to_table(named(op), how...), from.key, from.value);
    });
  });
}

void filter(Program& program, const Json& op, bool keep) {
  const Predicate predicate(fn(op));
  const auto& from = program.from(op);
  with_table(from, [&]<class K, class V>(const KTable<K, V>& table) {
    with_materialized<K, V>(op, from.key, from.value, [&](const auto&... how) {
      program.set(op,
                  keep ? table.filter(predicate, named(op), how...) : table.filter_not(predicate, named(op), how...),
                  from.key, from.value);
    });
  });
}

void map_values(Program& program, const Json& op) {
  const ValueMapper mapper(fn(op));
  const auto& from = program.from(op);
  const auto type = mapped_value_type(mapper, from.value);
  with_table(from, [&]<class K, class V>(const KTable<K, V>& table) {
    with_materialized<K, Dynamic>(op, from.key, type, [&](const auto&... how) {
      program.set(op, table.map_values(mapper, named(op), how...), from.key, type);
    });
  });
}

/// A value mapper as a transformer. With a store, the result is the old result of the key, `>` and the new result.
class Transformer final : public millrace::ValueTransformerWithKey<Dynamic, Dynamic, Dynamic> {
 public:
  Transformer(ValueMapper mapper, std::string store) : mapper_(std::move(mapper)), store_(std::move(store)) {}

  Value transform(const Dynamic& key, const Dynamic* value) override {
    const Value result = mapper_(key, value == nullptr ? Value() : Value(*value));
    if (store_.empty()) return result;
    auto& store = context().get_state_store<millrace::KeyValueStore<Dynamic, Dynamic>>(store_);
    const auto old = store.get(key);
    store.put(key, text(dynamic(result)));
    if (!result) return std::nullopt;
    return Dynamic(text(dynamic(old)) + ">" + text(dynamic(result)));
  }

 private:
  ValueMapper mapper_;
  std::string store_;
};

void transform_values(Program& program, const Json& op) {
  const auto& from = program.from(op);
  const ValueMapper mapper(fn(op));
  const auto stores = op.value("stores", std::vector<std::string>());
  const auto type = stores.empty() ? mapped_value_type(mapper, from.value) : Type::string;
  const auto supply = [mapper, store = stores.empty() ? std::string() : stores.front()] {
    return std::make_unique<Transformer>(mapper, store);
  };
  with_materialized<Dynamic, Dynamic>(op, from.key, type, [&](const auto&... how) {
    program.set(op, table(from).transform_values(supply, stores, named(op), how...), from.key, type);
  });
}

/// Adds the limits of a suppress buffer.
template <class Config>
Config limited(Config config, const Json& op) {
  if (op.contains("max_records")) config = config.with_max_records(op.at("max_records").get<std::int64_t>());
  if (op.contains("max_bytes")) config = config.with_max_bytes(op.at("max_bytes").get<std::int64_t>());
  return op.value("logging", true) ? config : config.with_logging_disabled();
}

millrace::Suppressed suppressed(const Json& op) {
  using millrace::Suppressed;
  const auto strict = limited(millrace::BufferConfig::unbounded(), op);
  if (op.at("until") == "window_closes") return Suppressed::until_window_closes(strict);
  const millrace::Millis limit(op.at("until").get<std::int64_t>());
  if (op.value("full", "shut_down") == "shut_down") return Suppressed::until_time_limit(limit, strict);
  return Suppressed::until_time_limit(limit, strict.emit_early_when_full());
}

void suppress(Program& program, const Json& op) {
  const auto& from = program.from(op);
  with_table(from, [&](const auto& table) {
    program.set(op, table.suppress(suppressed(op).with_name(name(op))), from.key, from.value);
  });
}

}  // namespace

void add_table_operators(Program::Operators& operators) {
  operators["table"] = table_source;
  operators["global_table"] = global_table;
  operators["to_table"] = to_table;
  operators["table_filter"] = [](Program& program, const Json& op) { filter(program, op, true); };
  operators["table_filter_not"] = [](Program& program, const Json& op) { filter(program, op, false); };
  operators["table_map_values"] = map_values;
  operators["table_transform_values"] = transform_values;
  operators["suppress"] = suppress;
}

}  // namespace oracle::program
