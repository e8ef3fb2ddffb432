// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "millrace/common/errors.hpp"
#include "millrace/dsl/change.hpp"
#include "millrace/serde/serde.hpp"

namespace millrace::detail {

/// The value of a record in the repartition topic of a grouped table, as Kafka Streams writes it:
///
///     | new ... | 01 |                                      only a new value
///     | old ... | 00 |                                      only an old value
///     | length of new (varint) | new ... | old ... | 02 |   both
///
/// The last byte can also be 03, 04 or 05: the same three forms (old, new, both), with one more byte in front of it.
/// This byte is 01 if the change is the latest of its key. These forms are read but never written. The views point into
/// the bytes that were read.
struct ChangeBytes {
  BytesView new_value;
  BytesView old_value;
  bool is_latest = true;
};

/// Throws SerializationException if the bytes have none of the forms.
[[nodiscard]] ChangeBytes read_change(std::string_view bytes);

/// Appends a number as Kafka's varint: zigzag, then 7 bits per byte, lowest bits first.
void append_varint(std::string& out, std::int32_t value);

/// The serde of a Change. (Kafka Streams: `ChangedSerde`.) `inner` writes the two values; both get the topic's name.
template <class V>
struct ChangeSerde {
  // Thread-safe if the inner serde is.
  AnySerde<V> inner;

  // A value that serializes to null counts as missing.
  void serialize(std::string_view topic, Headers* headers, const Change<V>& change, std::string& out) const {
    std::string new_bytes;
    const bool has_new = change.new_value && inner.serialize(topic, headers, *change.new_value, new_bytes);
    std::string old_bytes;
    const bool has_old = change.old_value && inner.serialize(topic, headers, *change.old_value, old_bytes);
    if (has_new && has_old) append_varint(out, static_cast<std::int32_t>(new_bytes.size()));
    // An empty change would tell the other side nothing, and its form could not be read.
    if (!has_new && !has_old) {
      throw SerializationException("a change of a grouped table has neither an old nor a new value");
    }
    out += new_bytes;
    out += old_bytes;
    out.push_back(has_new && has_old ? '\x02' : has_new ? '\x01' : '\x00');
  }

  Change<V> deserialize(std::string_view topic, const Headers* headers, std::string_view bytes) const {
    const ChangeBytes parts = read_change(bytes);
    Change<V> change;
    if (parts.new_value) change.new_value = inner.deserialize(topic, headers, parts.new_value);
    if (parts.old_value) change.old_value = inner.deserialize(topic, headers, parts.old_value);
    change.is_latest = parts.is_latest;
    return change;
  }

  // For the engine.
  [[nodiscard]] bool writes_headers() const { return inner.writes_headers(); }
  [[nodiscard]] bool has_life_cycle() const { return inner.has_life_cycle(); }
  void prepare(ConfiguredSerdes& application, bool is_key) { inner.prepare(application, is_key); }
};

}  // namespace millrace::detail
