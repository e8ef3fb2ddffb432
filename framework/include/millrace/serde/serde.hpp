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
#include "millrace/serde/detail/serde_access.hpp"

namespace millrace {

/// How keys or values of type T become bytes and come back (Kafka Streams' `Serde<T>`), found by type.
///
/// Ready made: the primitives (primitives.hpp), `std::vector` (list.hpp), UUIDs (uuid.hpp), structs declared with
/// MILLRACE_JSON (json.hpp), whatever nlohmann::json converts (nlohmann_json.hpp). For a type of your own:
///
///     template <> struct millrace::Serde<Point> {
///       void serialize(const Point& p, std::string& out) const { out += ...; }  // appends
///       Point deserialize(std::string_view bytes) const { ... throw SerializationException("Point: ...") ... }
///     };
///
/// Any object with these two members is a serde and can be handed to Consumed, Produced, Materialized...
/// Three extensions, each used when the object offers it:
///   - topic-aware (schema registries): `serialize(std::string_view topic, const T&, std::string& out)` and
///     `deserialize(std::string_view topic, std::string_view bytes)`;
///   - writing Kafka's null: `serialize` returns bool, false (with nothing appended) for null;
///   - reading Kafka's null: `deserialize` takes a BytesView.
///
/// Threads: one serde object is used by all stream threads at once; its members are const and must stay thread-safe.
template <class T>
struct Serde;

/// Whether an object of type S can serve as the serde of T.
template <class S, class T>
concept SerdeFor = detail::WritesWith<S, T> && detail::ReadsWith<S, T>;

/// Whether T has a serde of its own, so that none has to be given.
template <class T>
concept HasSerde = requires {
  sizeof(Serde<T>);
}
&&std::default_initializable<Serde<T>>&& SerdeFor<Serde<T>, T>;

/// The key of a topic whose keys are ignored: any bytes (and null) read as Unkeyed, Unkeyed is written as null.
struct Unkeyed {
  auto operator<=>(const Unkeyed&) const = default;
};

template <>
struct Serde<Unkeyed> {
  bool serialize(const Unkeyed& /*value*/, std::string& /*out*/) const { return false; }
  Unkeyed deserialize(BytesView /*bytes*/) const { return {}; }
};

/// Makes a serde of std::optional<T> from a serde of T: nullopt is Kafka's null.
template <class T, SerdeFor<T> S>
class OptionalSerde {
 public:
  static constexpr std::int32_t kFixedSize = detail::fixed_size_of<S>();

  OptionalSerde() requires std::default_initializable<S>
  = default;
  explicit OptionalSerde(S serde) : serde_(std::move(serde)) {}

  bool serialize(std::string_view topic, const std::optional<T>& value, std::string& out) const {
    return value.has_value() && detail::write_with(serde_, topic, *value, out);
  }

  std::optional<T> deserialize(std::string_view topic, BytesView bytes) const {
    if (!bytes) return std::nullopt;
    return detail::read_with<T>(serde_, topic, bytes);
  }

 private:
  S serde_;
};

template <HasSerde T>
struct Serde<std::optional<T>> : OptionalSerde<T, Serde<T>> {};

namespace detail {
template <class T>
class MaybeSerde;
}

/// A serde of T as nodes and stores hold it: whichever serde it was made from, behind one virtual call.
/// Cheap to copy: copies share one immutable implementation. Thread-safe, if the serde is.
template <class T>
class AnySerde {
 public:
  /// The serde that T brings along.
  AnySerde() requires HasSerde<T> : implementation_(default_implementation()) {}

  template <class S>
  requires(!std::same_as<S, AnySerde> && SerdeFor<S, T>)
      AnySerde(S serde)  // NOLINT(google-explicit-constructor): a serde is meant to convert
      : implementation_(detail::share<const detail::SerdeInterface<T>, detail::SerdeOf<T, S>>(std::move(serde))) {}

  /// An AnySerde<std::optional<V>> from a serde of V.
  template <class S>
  requires(!std::same_as<S, AnySerde> && !SerdeFor<S, T> && detail::IsOptional<T>::value &&
           SerdeFor<S, typename detail::IsOptional<T>::Value>) AnySerde(S serde)  // NOLINT(google-explicit-constructor)
      : AnySerde(OptionalSerde<typename detail::IsOptional<T>::Value, S>(std::move(serde))) {}

  /// Appends the bytes of `value` to `out`; false (nothing appended): the value is Kafka's null.
  /// Throws SerializationException when the value has no encoding; `out` may then hold a part of it.
  [[nodiscard]] bool serialize(std::string_view topic, const T& value, std::string& out) const {
    return implementation_->serialize(topic, value, out);
  }

  /// Throws SerializationException when the bytes are not a T, or are null and T has no null.
  [[nodiscard]] T deserialize(std::string_view topic, BytesView bytes) const {
    return implementation_->deserialize(topic, bytes);
  }

  /// Not 0 if this is the serde of a windowed key: so many bytes at the end of the key are the window.
  [[nodiscard]] std::size_t window_suffix_bytes() const { return implementation_->window_suffix_bytes(); }

 private:
  friend class detail::MaybeSerde<T>;
  using Implementation = std::shared_ptr<const detail::SerdeInterface<T>>;

  struct FromImplementation {};
  AnySerde(FromImplementation /*tag*/, Implementation implementation) : implementation_(std::move(implementation)) {}

  static const Implementation& default_implementation() {
    static const Implementation shared =
        detail::share<const detail::SerdeInterface<T>, detail::SerdeOf<T, Serde<T>>>(Serde<T>());
    return shared;
  }

  Implementation implementation_;
};

namespace detail {

/// An AnySerde<T> or none. (GCC 12 warns of uninitialised memory where it inlines std::optionals of serdes.)
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

/// For the places of the DSL that fall back to Serde<T>: one readable line instead of a page of failed constraints, as
/// the first error when used as `if constexpr (require_serde<T>())`.
template <class T>
constexpr bool require_serde() {
  constexpr bool kFound = HasSerde<T>;  // a plain bool, so that the compiler does not list each failed constraint
  static_assert(kFound,
                "no Serde for this type: declare its fields with MILLRACE_JSON(Type, fields...), specialise "
                "millrace::Serde<Type>, or pass one with Consumed/Produced/Materialized::with");
  return kFound;
}

/// The serde that T brings along.
template <class T>
[[nodiscard]] AnySerde<T> own_serde() {
  if constexpr (require_serde<T>()) return AnySerde<T>();
}

}  // namespace detail
}  // namespace millrace
