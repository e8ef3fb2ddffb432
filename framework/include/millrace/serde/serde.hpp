// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "millrace/common/bytes.hpp"
#include "millrace/common/detail/make.hpp"
#include "millrace/common/headers.hpp"
#include "millrace/serde/detail/serde_access.hpp"
#include "millrace/serde/serde_configs.hpp"

namespace millrace {

/// Turns keys or values of type T into bytes and back. The engine finds the serde by the type. (Kafka Streams:
/// `Serde<T>`.)
///
/// Ready-made serdes: primitives (primitives.hpp), `std::vector` (list.hpp), UUIDs (uuid.hpp), structs as JSON
/// (json.hpp), everything that nlohmann::json converts (nlohmann_json.hpp). For your own type:
///
///     template <> struct millrace::Serde<Point> {
///       void serialize(const Point& p, std::string& out) const { out += ...; }  // appends
///       Point deserialize(std::string_view bytes) const { ... throw SerializationException("Point: ...") ... }
///     };
///
/// Any object with these two members is a serde. It can be passed to Consumed, Produced, Materialized and so on. An
/// object with `deserialize` alone is enough for a source (Consumed, SourceOptions), one with `serialize` alone for a
/// sink (Produced, SinkOptions). See one_way.hpp. A serde may also use these extensions:
/// - The topic, for schema registries: `serialize(std::string_view topic, const T&, std::string& out)` and
///   `deserialize(std::string_view topic, std::string_view bytes)`.
/// - The headers, in addition to the topic: `serialize(std::string_view topic, Headers* headers, const T&,
///   std::string& out)` and `deserialize(std::string_view topic, const Headers* headers, std::string_view bytes)`. What
///   serialize() adds to the headers is written with this record only: other sinks do not see it. The pointer is null
///   where the bytes have no headers of their own: in state stores without headers and in their changelogs, in buffers
///   of joins and suppress(), and for the entries of lists.
/// - Writing Kafka's null: `serialize` returns bool. False means null; then nothing may have been appended.
/// - Reading Kafka's null: `deserialize` takes a BytesView, which is nullopt for null.
/// - Settings: `configure(const SerdeConfigs& configs, bool is_key)`. See below.
/// - An end: `close()`. See below.
///
/// A serde with configure() or close() must be copyable. The application copies it, at most once for keys and once for
/// values, and calls configure() once on the copy, before any other use. All tasks share this copy. close() is called
/// once on each copy when all threads of the application have ended. The object that was passed to the topology is
/// neither configured nor closed. So one topology can run in several applications. (In Java, the application configures
/// only default serdes, and the user configures all others.)
///
/// Threads  all stream threads use one serde object at the same time; its members are const, except configure() and
///          close(), and must be thread-safe
/// Errors   throw SerializationException for bytes or values that cannot be converted: an exception handler decides
///          about the record. Throw RetriableException if the same call may succeed later, for example because a schema
///          registry does not answer: the task tries again, for up to `task.timeout.ms`, and no record is skipped.
template <class T>
struct Serde;

/// True if an object of type S can write values of T, so that it is enough for a sink.
template <class S, class T>
concept SerializerFor = detail::WritesWith<S, T>;

/// True if an object of type S can read values of T, so that it is enough for a source.
template <class S, class T>
concept DeserializerFor = detail::ReadsWith<S, T>;

/// True if an object of type S can be the serde of T.
template <class S, class T>
concept SerdeFor = SerializerFor<S, T> && DeserializerFor<S, T>;

/// True if T has a default serde, so that the user need not pass one.
template <class T>
concept HasSerde = requires {
  sizeof(Serde<T>);
}
&&std::default_initializable<Serde<T>>&& SerdeFor<Serde<T>, T>;

/// The key of a topic whose keys do not matter. Any bytes and null are read as Unkeyed. Unkeyed is written as null.
struct Unkeyed {
  auto operator<=>(const Unkeyed&) const = default;
};

/// Reads any bytes and null. Writes null.
template <>
struct Serde<Unkeyed> {
  bool serialize(const Unkeyed& /*value*/, std::string& /*out*/) const { return false; }
  Unkeyed deserialize(BytesView /*bytes*/) const { return {}; }
};

namespace detail {

/// True if S reads or writes T, but not both.
template <class S, class T>
concept ReadsOrWritesOnly = WritesWith<S, T>
!= ReadsWith<S, T>;

}  // namespace detail

/// Makes a serde of std::optional<T> from a serde of T. nullopt is Kafka's null. If S only reads or only writes, so
/// does the result.
template <class T, class S>
requires(SerializerFor<S, T> || DeserializerFor<S, T>) class OptionalSerde {
 public:
  static constexpr std::int32_t kFixedSize = detail::fixed_size_of<S>();

  OptionalSerde() requires std::default_initializable<S>
  = default;
  explicit OptionalSerde(S serde) : serde_(std::move(serde)) {}

  bool serialize(std::string_view topic, Headers* headers, const std::optional<T>& value,
                 std::string& out) const requires SerializerFor<S, T> {
    return value.has_value() && detail::write_with(serde_, topic, headers, *value, out);
  }
  bool serialize(std::string_view topic, const std::optional<T>& value,
                 std::string& out) const requires SerializerFor<S, T> {
    return serialize(topic, nullptr, value, out);
  }

  std::optional<T> deserialize(std::string_view topic, const Headers* headers,
                               BytesView bytes) const requires DeserializerFor<S, T> {
    if (!bytes) return std::nullopt;
    return detail::read_with<T>(serde_, topic, headers, bytes);
  }
  std::optional<T> deserialize(std::string_view topic, BytesView bytes) const requires DeserializerFor<S, T> {
    return deserialize(topic, nullptr, bytes);
  }

  // For the engine.
  [[nodiscard]] bool writes_headers() const { return detail::writes_headers<T>(serde_); }
  [[nodiscard]] bool has_life_cycle() const { return detail::has_life_cycle(serde_); }
  void prepare(detail::ConfiguredSerdes& application, bool is_key) requires detail::MayHaveLifeCycle<S> {
    detail::prepare_serde(serde_, application, is_key);
  }
  void close() requires detail::ClosesItself<S> { detail::close_serde(serde_); }

 private:
  S serde_;
};

template <HasSerde T>
struct Serde<std::optional<T>> : OptionalSerde<T, Serde<T>> {};

template <class T>
class AnyDeserializer;
template <class T>
class AnySerializer;

namespace detail {

template <class T>
class MaybeSerde;

/// From now on, `implementation` is the copy of the serde that `application` has configured.
template <class T>
void prepare_shared(std::shared_ptr<const SerdeInterface<T>>& implementation, ConfiguredSerdes& application,
                    bool is_key) {
  if (!implementation->has_life_cycle()) return;
  implementation = std::static_pointer_cast<const SerdeInterface<T>>(application.copy_of(implementation, is_key));
}

/// True if an object of type S reads or writes T, or the non-null values of an optional T, but not both.
template <class S, class T>
concept OneWayFor = !SerdeFor<S, T> && (ReadsOrWritesOnly<S, T> ||
                                        (IsOptional<T>::value && ReadsOrWritesOnly<S, typename IsOptional<T>::Value>));

}  // namespace detail

/// Any serde of T, behind one virtual call. Nodes and stores hold serdes in this form. Copies are cheap: they share one
/// immutable implementation. Thread-safe if the serde is.
template <class T>
class AnySerde {
 public:
  /// The default serde of T.
  AnySerde() requires HasSerde<T> : implementation_(default_implementation()) {}

  /// Wraps a serde object. Converts implicitly, so that a serde can be passed wherever an AnySerde is expected.
  template <class S>
  requires(!std::same_as<S, AnySerde> && SerdeFor<S, T>)
      AnySerde(S serde)  // NOLINT(google-explicit-constructor): a serde is meant to convert
      : implementation_(detail::share<const detail::SerdeInterface<T>, detail::SerdeOf<T, S>>(std::move(serde))) {}

  /// Makes an AnySerde<std::optional<V>> from a serde of V.
  template <class S>
  requires(!std::same_as<S, AnySerde> && !SerdeFor<S, T> && detail::IsOptional<T>::value &&
           SerdeFor<S, typename detail::IsOptional<T>::Value>) AnySerde(S serde)  // NOLINT(google-explicit-constructor)
      : AnySerde(OptionalSerde<typename detail::IsOptional<T>::Value, S>(std::move(serde))) {}

  /// Does not compile: an object that only reads or only writes is not enough here. This constructor exists for its
  /// message.
  template <detail::OneWayFor<T> S>
  AnySerde(const S& /*object*/) {  // NOLINT(google-explicit-constructor)
    static_assert(
        sizeof(S) == 0,
        "this serde only reads or only writes, but a repartition topic, a store and its changelog need both: "
        "give a serde with serialize() and deserialize() here; one way is enough only for Consumed, Produced, "
        "SourceOptions and SinkOptions");
  }

  /// Appends the bytes of `value` to `out`. Returns false, with nothing appended, if the value is Kafka's null. Throws
  /// SerializationException if the value has no encoding. Then `out` may contain a part of it. `headers`: those of the
  /// record that is written, to which the serde may add; null: there are none.
  [[nodiscard]] bool serialize(std::string_view topic, Headers* headers, const T& value, std::string& out) const {
    return implementation_->serialize(topic, headers, value, out);
  }
  [[nodiscard]] bool serialize(std::string_view topic, const T& value, std::string& out) const {
    return implementation_->serialize(topic, nullptr, value, out);
  }

  /// Throws SerializationException if the bytes are not a T, or if they are null and T has no null. `headers`: those of
  /// the record; null: there are none.
  [[nodiscard]] T deserialize(std::string_view topic, const Headers* headers, BytesView bytes) const {
    return implementation_->deserialize(topic, headers, bytes);
  }
  [[nodiscard]] T deserialize(std::string_view topic, BytesView bytes) const {
    return implementation_->deserialize(topic, nullptr, bytes);
  }

  /// Whether serialize() looks at the headers.
  [[nodiscard]] bool writes_headers() const { return implementation_->writes_headers(); }

  /// For the serde of a windowed key: the number of bytes at the end of the key that encode the window. 0 for other
  /// serdes.
  [[nodiscard]] std::size_t window_suffix_bytes() const { return implementation_->window_suffix_bytes(); }

  // For the engine.
  [[nodiscard]] bool has_life_cycle() const { return implementation_->has_life_cycle(); }
  /// From now on, this object is the copy of the serde that `application` has configured.
  void prepare(detail::ConfiguredSerdes& application, bool is_key) {
    detail::prepare_shared(implementation_, application, is_key);
  }

 private:
  friend class detail::MaybeSerde<T>;
  friend class AnyDeserializer<T>;
  friend class AnySerializer<T>;
  using Implementation = std::shared_ptr<const detail::SerdeInterface<T>>;

  struct FromImplementation {};
  AnySerde(FromImplementation /*tag*/, Implementation implementation) : implementation_(std::move(implementation)) {}

  /// One implementation per type for the whole process.
  static const Implementation& default_implementation() {
    static const Implementation shared =
        detail::share<const detail::SerdeInterface<T>, detail::SerdeOf<T, Serde<T>>>(Serde<T>());
    return shared;
  }

  Implementation implementation_;
};

namespace detail {

/// An AnySerde<T> or none. Used instead of std::optional, because GCC 12 warns of uninitialised memory where it inlines
/// optionals of serdes.
template <class T>
class MaybeSerde {
 public:
  MaybeSerde() = default;
  MaybeSerde(std::nullptr_t) {}         // NOLINT(google-explicit-constructor): none
  MaybeSerde(const AnySerde<T>& serde)  // NOLINT(google-explicit-constructor): this one
      : implementation_(serde.implementation_) {}

  [[nodiscard]] explicit operator bool() const { return implementation_ != nullptr; }
  [[nodiscard]] AnySerde<T> operator*() const {
    return AnySerde<T>(typename AnySerde<T>::FromImplementation(), implementation_);
  }

 private:
  typename AnySerde<T>::Implementation implementation_;
};

/// Used where the DSL falls back to Serde<T>: `if constexpr (require_serde<T>())`. The user then gets one readable
/// error line instead of a page of failed constraints.
template <class T>
constexpr bool require_serde() {
  constexpr bool kFound = HasSerde<T>;  // a plain bool, so that the compiler does not list each failed constraint
  static_assert(kFound,
                "no Serde for this type: declare its fields with MILLRACE_JSON(Type, fields...), specialise "
                "millrace::Serde<Type>, or pass one with Consumed/Produced/Materialized::with (a store or repartition "
                "topic needs one that reads and writes)");
  return kFound;
}

/// The default serde of T. Without one, the compile error says what to do.
template <class T>
[[nodiscard]] AnySerde<T> own_serde() {
  if constexpr (require_serde<T>()) return AnySerde<T>();
}

}  // namespace detail
}  // namespace millrace
