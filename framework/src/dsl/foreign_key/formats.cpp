// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/detail/foreign_key/formats.hpp"

#include <bit>
#include <cstring>

#include "millrace/common/errors.hpp"
#include "millrace/state/detail/formats.hpp"

namespace millrace::detail {
namespace {

// The constants and functions of MurmurHash3_x64_128. The seed is that of Kafka Streams, whose topics and stores
// contain such hashes.
constexpr std::uint64_t kSeed = 104729;
constexpr std::uint64_t kC1 = 0x87c37b91114253d5;
constexpr std::uint64_t kC2 = 0x4cf5ad432745937f;
// Bit in the version byte: the message has no hash.
constexpr unsigned char kNoHash = 0x80;
constexpr std::size_t kHashBytes = 16;

/// Reads up to eight bytes as a little-endian number, on any machine.
std::uint64_t load_le(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The steps have their names from the reference implementation.
std::uint64_t mix1(std::uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
std::uint64_t mix2(std::uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

std::uint64_t finalize(std::uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccd;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53;
  return k ^ k >> 33;
}

void append_hash(std::string& out, const ValueHash& hash) {
  formats::append_be64(out, hash.high);
  formats::append_be64(out, hash.low);
}

/// Reads the hash, if there is one, and removes it from the front of `bytes`.
std::optional<ValueHash> take_hash(std::string_view& bytes, bool present) {
  if (!present) return std::nullopt;
  if (bytes.size() < kHashBytes) throw SerializationException("a message of a foreign-key join ends within its hash");
  const ValueHash hash{formats::load_be64(bytes.data()), formats::load_be64(bytes.data() + 8)};
  bytes.remove_prefix(kHashBytes);
  return hash;
}

}  // namespace

// A response is compared with the hash of the present left value. Hashes are stored in topics and in the subscription
// store, so the algorithm must never change.
ValueHash hash_value(std::string_view bytes) {
  std::uint64_t h1 = kSeed;
  std::uint64_t h2 = kSeed;
  const std::size_t length = bytes.size();
  for (; bytes.size() >= 16; bytes.remove_prefix(16)) {
    h1 ^= mix1(load_le(bytes.substr(0, 8)));
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
    h2 ^= mix2(load_le(bytes.substr(8, 8)));
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
  }
  // The last 1 to 15 bytes.
  if (bytes.size() > 8) h2 ^= mix2(load_le(bytes.substr(8)));
  if (!bytes.empty()) h1 ^= mix1(load_le(bytes.substr(0, 8)));
  h1 ^= length;
  h2 ^= length;
  h1 += h2;
  h2 += h1;
  h1 = finalize(h1);
  h2 = finalize(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

// | version and flag (1) | instruction (1) | hash (16), if present | primary key | partition (4), from version 1 |
void SubscriptionSerde::serialize(const Subscription& subscription, std::string& out) const {
  out.push_back(static_cast<char>(subscription.version | (subscription.hash ? 0 : kNoHash)));
  out.push_back(static_cast<char>(subscription.instruction));
  if (subscription.hash) append_hash(out, *subscription.hash);
  out += subscription.primary_key;
  if (subscription.version > 0) {
    formats::append_be32(out, static_cast<std::uint32_t>(subscription.primary_partition.value_or(-1)));
  }
}

Subscription SubscriptionSerde::deserialize(std::string_view bytes) const {
  // Version and instruction.
  if (bytes.size() < 2) throw SerializationException("a subscription of a foreign-key join is too short");
  const auto first = static_cast<unsigned char>(bytes[0]);
  const auto instruction = static_cast<unsigned char>(bytes[1]);
  Subscription result;
  // The top bit of the first byte is the flag "no hash".
  result.version = first & 0x7f;
  if (result.version > 1) {
    throw SerializationException("a subscription of a foreign-key join has version " + std::to_string(result.version) +
                                 "; only 0 and 1 are known");
  }
  if (instruction > 3) {
    throw SerializationException("a subscription of a foreign-key join has the unknown instruction " +
                                 std::to_string(instruction));
  }
  result.instruction = static_cast<SubscriptionInstruction>(instruction);
  bytes.remove_prefix(2);
  result.hash = take_hash(bytes, (first & kNoHash) == 0);
  // The partition is at the end, so the primary key needs no length.
  if (result.version > 0) {
    if (bytes.size() < 4) throw SerializationException("a subscription of a foreign-key join lacks its partition");
    result.primary_partition = static_cast<std::int32_t>(formats::load_be32(bytes.data() + bytes.size() - 4));
    bytes.remove_suffix(4);
  }
  result.primary_key = bytes;
  return result;
}

// The key of the subscription store. The length in front makes sure that no foreign key is a prefix of another key's
// entries. So all subscriptions of a foreign key are one range.
std::string combined_key(std::string_view foreign_key, std::string_view primary_key) {
  std::string key;
  formats::append_be32(key, static_cast<std::uint32_t>(foreign_key.size()));
  key += foreign_key;
  key += primary_key;
  return key;
}

// The view points into `combined_key`.
std::string_view primary_key_of(std::string_view combined_key) {
  const std::size_t foreign = combined_key.size() < 4 ? combined_key.size() : formats::load_be32(combined_key.data());
  if (combined_key.size() < 4 || combined_key.size() - 4 < foreign) {
    throw SerializationException("a key of a foreign-key join's subscription store is too short");
  }
  return combined_key.substr(4 + foreign);
}

// The exclusive end of the range of all keys with this prefix.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty()) {
    // A trailing 0xff byte cannot be incremented: drop it and increment the byte before it.
    if (static_cast<unsigned char>(prefix.back()) != 0xff) {
      ++prefix.back();
      return prefix;
    }
    prefix.pop_back();
  }
  throw SerializationException("a prefix that consists of bytes 255 only has no next key");
}

// The caller appends the serialized foreign value, or nothing for "no such value".
void append_response_head(std::string& out, const std::optional<ValueHash>& hash) {
  out.push_back(hash ? '\0' : static_cast<char>(kNoHash));
  if (hash) append_hash(out, *hash);
}

ResponseBytes read_response(std::string_view bytes) {
  if (bytes.empty()) throw SerializationException("a response of a foreign-key join is empty");
  const auto first = static_cast<unsigned char>(bytes[0]);
  if ((first & 0x7f) != 0) {
    throw SerializationException("a response of a foreign-key join has version " + std::to_string(first & 0x7f) +
                                 "; only 0 is known");
  }
  bytes.remove_prefix(1);
  ResponseBytes result;
  result.hash = take_hash(bytes, (first & kNoHash) == 0);
  // No bytes: the foreign table has no value for the key.
  if (!bytes.empty()) result.value = bytes;
  return result;
}

}  // namespace millrace::detail
