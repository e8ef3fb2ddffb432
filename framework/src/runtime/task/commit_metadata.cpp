// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/commit_metadata.hpp"

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/binary_from_base64.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <cstdint>
#include <exception>

#include "millrace/state/detail/formats.hpp"

namespace millrace::detail {
namespace {

namespace it = boost::archive::iterators;
using formats::append_be32;
using formats::append_be64;

constexpr char kVersion = 2;

/// Boost's iterators have no padding. So the input is filled up to a multiple of 3 bytes, and the characters that stand
/// for the fill become '='.
std::string to_base64(std::string bytes) {
  const std::size_t padding = (3 - bytes.size() % 3) % 3;
  bytes.append(padding, '\0');
  using Encode = it::base64_from_binary<it::transform_width<std::string::const_iterator, 6, 8>>;
  std::string text(Encode(bytes.cbegin()), Encode(bytes.cend()));
  text.replace(text.size() - padding, padding, padding, '=');
  return text;
}

/// Returns an empty string if the length is wrong. Throws an exception of Boost for a character that is not Base64.
std::string from_base64(std::string text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  // 'A' is the digit 0. The bytes that it decodes to are cut off below.
  text.replace(text.size() - padding, padding, padding, 'A');
  using Decode = it::transform_width<it::binary_from_base64<std::string::const_iterator>, 8, 6>;
  std::string bytes(Decode(text.cbegin()), Decode(text.cend()));
  bytes.resize(bytes.size() - padding);
  return bytes;
}

/// Reads fields from the front of a byte sequence. If too few bytes are left, it returns zeros from then on, and
/// complete() is false. So a caller checks once at the end.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool complete() const { return complete_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::string_view take(std::size_t size) {
    complete_ = complete_ && size <= rest_.size();
    if (!complete_) return {};
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint32_t be32() {
    const auto bytes = take(4);
    return complete_ ? formats::load_be32(bytes.data()) : 0;
  }
  Timestamp time() {
    const auto bytes = take(8);
    return complete_ ? static_cast<Timestamp>(formats::load_be64(bytes.data())) : 0;
  }

 private:
  std::string_view rest_;
  bool complete_ = true;
};

ProcessorMetadata read_processors(Fields& fields) {
  ProcessorMetadata processors;
  if (fields.empty()) return processors;
  // The number of entries comes from foreign bytes and may be huge. The loop ends as soon as the bytes do.
  for (std::uint32_t entries = fields.be32(); entries > 0 && fields.complete(); --entries) {
    const std::string store(fields.take(fields.be32()));
    const Timestamp time = fields.time();
    if (fields.complete()) processors.emplace(store, time);
  }
  // All or nothing: half of the entries would be a state that never existed.
  return fields.complete() ? processors : ProcessorMetadata();
}

}  // namespace

std::string encode_commit_metadata(const CommitMetadata& metadata) {
  std::string bytes(1, kVersion);
  append_be64(bytes, static_cast<std::uint64_t>(metadata.partition_time));
  // Kafka Streams writes nothing for an empty map, not even the number of entries.
  ProcessorMetadata entries = metadata.processors;
  if (metadata.claim) entries.insert_or_assign(std::string(kClaimName), *metadata.claim);
  if (metadata.claim_id) entries.insert_or_assign(std::string(kClaimIdName), *metadata.claim_id);
  if (metadata.proof) {
    entries.insert_or_assign(std::string(kProofOffsetName), metadata.proof->offset);
    entries.insert_or_assign(std::string(kProofHashName), static_cast<std::int64_t>(metadata.proof->hash));
  }
  if (!entries.empty()) {
    append_be32(bytes, static_cast<std::uint32_t>(entries.size()));
    for (const auto& [store, time] : entries) {
      append_be32(bytes, static_cast<std::uint32_t>(store.size()));
      bytes += store;
      append_be64(bytes, static_cast<std::uint64_t>(time));
    }
  }
  return to_base64(std::move(bytes));
}

CommitMetadata decode_commit_metadata(std::string_view text) {
  CommitMetadata metadata;
  try {
    const std::string bytes = from_base64(std::string(text));
    Fields fields(bytes);
    const auto version = fields.take(1);
    const Timestamp time = fields.time();
    if (!fields.complete() || (version[0] != 1 && version[0] != kVersion)) return metadata;
    metadata.partition_time = time;
    if (version[0] == kVersion) metadata.processors = read_processors(fields);
    const auto take = [&](std::string_view name) -> std::optional<std::int64_t> {
      const auto entry = metadata.processors.extract(std::string(name));
      return entry ? std::optional(entry.mapped()) : std::nullopt;
    };
    metadata.claim = take(kClaimName);
    metadata.claim_id = take(kClaimIdName);
    const auto at = take(kProofOffsetName);
    const auto hash = take(kProofHashName);
    if (at && hash) metadata.proof = {*at, static_cast<std::uint64_t>(*hash)};
  } catch (const std::exception&) {  // not Base64
  }
  return metadata;
}

}  // namespace millrace::detail
