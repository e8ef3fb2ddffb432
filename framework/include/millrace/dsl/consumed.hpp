// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "millrace/dsl/detail/streams/field_timestamp.hpp"
#include "millrace/dsl/detail/types.hpp"
#include "millrace/processor/auto_offset_reset.hpp"
#include "millrace/processor/timestamp_extractor.hpp"

namespace millrace {

namespace detail {
struct NoExtractor {};

/// True if the user gave a timestamp extractor. A compile error if it does not fit the stream's types.
template <class X, class K, class V>
[[nodiscard]] constexpr bool require_extractor() {
  if constexpr (std::is_same_v<X, NoExtractor>) {
    return false;
  } else if constexpr (kIsFieldTimestamp<X>) {
    constexpr bool kFits = X::template fits<V>();
    static_assert(
        kFits,
        "with_timestamp takes a field of the values of this stream: an integer (ms since the epoch), or with a "
        "pattern a text; each may be std::optional");
    return kFits;
  } else {
    constexpr bool kFits = std::is_constructible_v<TimestampExtractor<K, V>, const X&>;
    static_assert(
        kFits,
        "the timestamp extractor must be callable as extractor(const Record<K, V>&, Timestamp partition_time) "
        "with the K and V of this stream (optionally with a RecordMetadata as third argument), and return the record's "
        "Timestamp");
    return kFits;
  }
}
}  // namespace detail

/// How a topic is read. (Kafka Streams: `Consumed`.) Make one with `Consumed::with(key_serde, value_serde)` or
/// `Consumed::as("name")`, and refine it with the with_... methods. Each returns a changed copy. Serdes that are not
/// given come from the types; other settings come from the configuration.
template <class KeySerde = detail::NoSerde, class ValueSerde = detail::NoSerde, class Extractor = detail::NoExtractor>
class BasicConsumed {
 public:
  /// What the user has set. Empty or unset: the default applies.
  struct Settings {
    std::string name;
    KeySerde key_serde;
    ValueSerde value_serde;
    std::optional<AutoOffsetReset> offset_reset;
    std::optional<TimestampPolicy> timestamps;
    Extractor extractor;
  };

  BasicConsumed() = default;
  /// With all settings at once, instead of one call for each.
  explicit BasicConsumed(Settings settings) : settings_(std::move(settings)) {}

  /// Gives the source node a name.
  [[nodiscard]] static BasicConsumed<> as(std::string name) { return BasicConsumed<>().with_name(std::move(name)); }
  /// Sets the serdes of the topic's keys and values.
  template <class KS, class VS>
  [[nodiscard]] static BasicConsumed<KS, VS> with(KS key_serde, VS value_serde) {
    return BasicConsumed<KS, VS>({{}, std::move(key_serde), std::move(value_serde), {}, {}, {}});
  }

  /// Gives the source node a name, in place of a generated one.
  [[nodiscard]] BasicConsumed with_name(std::string name) const {
    auto copy = *this;
    copy.settings_.name = std::move(name);
    return copy;
  }
  /// Sets the serde of the keys: a Serde<K>, or an object with the same functions.
  template <class S>
  [[nodiscard]] auto with_key_serde(S serde) const {
    return BasicConsumed<S, ValueSerde, Extractor>({settings_.name, std::move(serde), settings_.value_serde,
                                                    settings_.offset_reset, settings_.timestamps, settings_.extractor});
  }
  /// Sets the serde of the values.
  template <class S>
  [[nodiscard]] auto with_value_serde(S serde) const {
    return BasicConsumed<KeySerde, S, Extractor>({settings_.name, settings_.key_serde, std::move(serde),
                                                  settings_.offset_reset, settings_.timestamps, settings_.extractor});
  }
  /// Where to start reading if the group has no committed offset. Overrides auto.offset.reset.
  [[nodiscard]] BasicConsumed with_offset_reset_policy(AutoOffsetReset policy) const {
    auto copy = *this;
    copy.settings_.offset_reset = policy;
    return copy;
  }
  /// What to do with records without a valid timestamp. Overrides default.timestamp.extractor. (Java:
  /// `withTimestampExtractor` with one of the predefined extractors.)
  [[nodiscard]] BasicConsumed with_timestamp_policy(TimestampPolicy policy) const {
    auto copy = *this;
    copy.settings_.timestamps = policy;
    return copy;
  }
  /// Sets a function that returns a record's timestamp (ms since the epoch): `extractor(const Record<K, V>&, Timestamp
  /// partition_time) -> Timestamp`. It may take the record's RecordMetadata as a third argument. See
  /// TimestampExtractor.
  template <class X>
  [[nodiscard]] auto with_timestamp_extractor(X extractor) const {
    return BasicConsumed<KeySerde, ValueSerde, X>({settings_.name, settings_.key_serde, settings_.value_serde,
                                                   settings_.offset_reset, settings_.timestamps, std::move(extractor)});
  }

  /// The time of a record is a field of its value, in ms since the epoch. Overrides default.timestamp.extractor.
  /// (ksqlDB: `WITH (TIMESTAMP='field')`.)
  ///
  /// field  a pointer to a member such as `&Order::time`, or a function that is called with (const Value&). An integer,
  ///        or std::optional of one.
  ///
  /// A record without a time is dropped and counted: the field is null or negative. The deletion of a row has no fields
  /// and keeps the timestamp of its record.
  template <class F>
  [[nodiscard]] auto with_timestamp(F field) const {
    return with_timestamp_extractor(
        detail::FieldTimestamp<F, detail::NoTimestampFormat>(std::move(field), detail::NoTimestampFormat()));
  }
  /// The same for a field that is a text. `pattern` and `zone`: see TimestampFormat. If a text does not fit the
  /// pattern, its record is dropped and counted, too, and a warning has the text. Throws StreamsException if the
  /// pattern is wrong or the zone is unknown. (ksqlDB: `TIMESTAMP_FORMAT`.)
  template <class F>
  [[nodiscard]] auto with_timestamp(F field, std::string_view pattern, std::string_view zone = "UTC") const {
    return with_timestamp_extractor(
        detail::FieldTimestamp<F, TimestampFormat>(std::move(field), TimestampFormat(pattern, zone)));
  }

  /// What the user has set.
  [[nodiscard]] const Settings& settings() const { return settings_; }

 private:
  Settings settings_;
};

/// The start of a Consumed value, with no setting yet: the calls of BasicConsumed add them.
using Consumed = BasicConsumed<>;

}  // namespace millrace
