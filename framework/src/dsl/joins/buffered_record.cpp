// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/joins/buffered_record.hpp"

#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/state/detail/formats.hpp"

namespace millrace::detail {
namespace {

// Values of length fields that are no lengths.
constexpr std::int32_t kNullLength = -1;
constexpr std::int32_t kSameAsPrior = -2;

/// The length of a string as Java counts it: in UTF-16 code units. Java's buffer limits are counted this way, so the
/// same limits must hold the same number of records here.
std::int64_t java_length(std::string_view utf8) {
  std::int64_t units = 0;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    // Count first bytes only. A character of four bytes has two UTF-16 units.
    if ((byte & 0xc0) != 0x80) units += byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

// Length (4 bytes, -1 for null), then the bytes. Java's ByteBuffers are big-endian.
void append_sized(std::string& out, const std::optional<std::string>& value) {
  formats::append_be32(out, static_cast<std::uint32_t>(value ? static_cast<std::int32_t>(value->size()) : kNullLength));
  if (value) out += *value;
}

/// Reads the fields of a changelog value one after the other. Throws SerializationException if bytes are missing.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  // The view points into the record's bytes.
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) throw SerializationException("a record of a buffer's changelog is too short");
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::int32_t int32() { return static_cast<std::int32_t>(formats::load_be32(take(4).data())); }
  std::int64_t int64() { return static_cast<std::int64_t>(formats::load_be64(take(8).data())); }
  // nullopt for null. Other negative lengths mean damage.
  std::optional<std::string> of_length(std::int32_t length) {
    if (length == kNullLength) return std::nullopt;
    if (length < 0) throw SerializationException("a record of a buffer's changelog has a negative length");
    return std::string(take(static_cast<std::size_t>(length)));
  }
  std::optional<std::string> sized() { return of_length(int32()); }
  // For names, which Kafka Streams never writes as null.
  std::string not_null() {
    auto bytes = sized();
    if (!bytes) throw SerializationException("a record of a buffer's changelog has null in place of a name");
    return std::move(*bytes);
  }

  // Timestamp, offset, topic, partition, headers: the fields of ProcessorRecordContext.serialize().
  BufferedContext context() {
    BufferedContext result;
    result.timestamp = int64();
    result.offset = int64();
    result.topic = not_null();
    result.partition = int32();
    const std::int32_t headers = int32();
    for (std::int32_t i = 0; i < headers; ++i) {
      auto key = not_null();
      result.headers.add(std::move(key), sized());
    }
    return result;
  }

 private:
  std::string_view rest_;
};

/// Old and new value in the form of versions 0 to 2: each with its length.
void read_change(std::string_view bytes, BufferedValue& value) {
  Reader in(bytes);
  value.old_value = in.sized();
  value.new_value = in.sized();
}

/// Context, change with its length, prior value, time in the buffer.
ReadBuffered read_version_2(std::string_view bytes) {
  Reader in(bytes);
  ReadBuffered result;
  result.value.context = in.context();
  read_change(in.not_null(), result.value);
  result.value.prior = in.sized();
  result.buffer_time = in.int64();
  return result;
}

/// Context, prior, old and new value, time in the buffer. The old value may refer to the prior one.
ReadBuffered read_version_3(std::string_view bytes) {
  Reader in(bytes);
  ReadBuffered result;
  result.value.context = in.context();
  result.value.prior = in.sized();
  const std::int32_t old_length = in.int32();
  result.value.old_value = old_length == kSameAsPrior ? result.value.prior : in.of_length(old_length);
  result.value.new_value = in.sized();
  result.buffer_time = in.int64();
  return result;
}

}  // namespace

// A copy, because the record is gone when the buffer releases it. `record.origin` is never null; its topic is null in a
// punctuation.
BufferedContext BufferedContext::of(const CurrentRecord& record) {
  const RecordOrigin& origin = *record.origin;
  return {record.timestamp, origin.offset,   origin.topic == nullptr ? std::string() : *origin.topic,
          origin.partition, *record.headers, std::nullopt,
          std::nullopt};
}

BufferedContext BufferedContext::with_raw(const CurrentRecord& record) {
  BufferedContext context = of(record);
  // Raw bytes are kept only if a handler or dead letter queue is configured that can ask for them.
  if (!record.origin->keeps_raw) return context;
  if (record.origin->raw_key) context.raw_key.emplace(*record.origin->raw_key);
  if (record.origin->raw_value) context.raw_value.emplace(*record.origin->raw_value);
  return context;
}

// As Java counts: 8 bytes each for timestamp and offset, 4 for the partition.
std::int64_t BufferedContext::size_in_memory() const {
  std::int64_t size = 8 + 8 + java_length(topic) + 4;
  for (const Header& header : headers) {
    size += java_length(header.key) + (header.value ? static_cast<std::int64_t>(header.value->size()) : 0);
  }
  return size;
}

// Makes the buffered record's context the task's current one, while the released record is processed.
BufferedScope::BufferedScope(TaskContext& task, const BufferedContext& context)
    : origin_{&context.topic,  context.partition, context.offset,
              context.raw_key, context.raw_value, context.raw_key || context.raw_value},
      scope_(task, {&origin_, context.timestamp, &context.headers}) {}

std::int64_t BufferedValue::size_in_memory() const {
  const auto size = [](const std::optional<std::string>& bytes) {
    return bytes ? static_cast<std::int64_t>(bytes->size()) : 0;
  };
  // As in Java, an old value equal to prior is stored once.
  return size(prior) + (prior == old_value ? 0 : size(old_value)) + size(new_value) + context.size_in_memory();
}

// Writes version 3, the only one that is written. See read_version_3().
std::string write_buffered(const BufferedValue& value, Timestamp buffer_time) {
  const BufferedContext& context = value.context;
  std::string out;
  // The fields in the order of the declaration's layout.
  formats::append_be64(out, static_cast<std::uint64_t>(context.timestamp));
  formats::append_be64(out, static_cast<std::uint64_t>(context.offset));
  append_sized(out, context.topic);
  formats::append_be32(out, static_cast<std::uint32_t>(context.partition));
  formats::append_be32(out, static_cast<std::uint32_t>(context.headers.size()));
  for (const Header& header : context.headers) {
    append_sized(out, header.key);
    append_sized(out, header.value);
  }
  append_sized(out, value.prior);
  // The usual case: only one change is held back. Its old value is the prior value, so write it once.
  if (value.old_value && value.old_value == value.prior) {
    formats::append_be32(out, static_cast<std::uint32_t>(kSameAsPrior));
  } else {
    append_sized(out, value.old_value);
  }
  append_sized(out, value.new_value);
  formats::append_be64(out, static_cast<std::uint64_t>(buffer_time));
  return out;
}

ReadBuffered read_buffered(int version, std::string_view bytes, const BufferedContext& record,
                           const std::optional<std::string>* known_prior) {
  if (version == 3) return read_version_3(bytes);
  if (version == 2) {
    // Kafka Streams 2.4.0 to 2.5.0 wrote the format of version 3 under the number 2. Try both.
    try {
      return read_version_2(bytes);
    } catch (const SerializationException&) {
      return read_version_3(bytes);
    }
  }
  if (version != 0 && version != 1) {
    throw SerializationException("a buffer's changelog has a record of version " + std::to_string(version) +
                                 "; only 0 to 3 are known");
  }
  Reader in(bytes);
  ReadBuffered result;
  result.buffer_time = in.int64();
  // Version 0 has no context: it was that of the changelog record itself.
  if (version == 0) {
    result.value.context = record;
    // After the buffer time come the old and the new value.
    read_change(bytes.substr(8), result.value);
  } else {
    result.value.context = in.context();
    read_change(in.not_null(), result.value);
  }
  // As in Java: the prior value that the buffer has for the key, or else the old value.
  result.value.prior = known_prior != nullptr && known_prior->has_value() ? *known_prior : result.value.old_value;
  return result;
}

}  // namespace millrace::detail
