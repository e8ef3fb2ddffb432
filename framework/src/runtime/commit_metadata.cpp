#include "runtime/commit_metadata.hpp"

#include <boost/archive/iterators/base64_from_binary.hpp>
#include <boost/archive/iterators/binary_from_base64.hpp>
#include <boost/archive/iterators/transform_width.hpp>
#include <cstdint>
#include <exception>

namespace millrace::detail {
namespace {

namespace it = boost::archive::iterators;

constexpr char kVersion = 2;
constexpr std::size_t kFixedSize = 9;  // version and time: 12 characters of Base64, no padding

}  // namespace

std::string encode_commit_metadata(Timestamp partition_time) {
  std::string bytes(1, kVersion);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(partition_time) >> shift));
  }
  using Encode = it::base64_from_binary<it::transform_width<std::string::const_iterator, 6, 8>>;
  return {Encode(bytes.cbegin()), Encode(bytes.cend())};
}

Timestamp decode_partition_time(std::string_view metadata) {
  if (metadata.size() < 12) return kNoTimestamp;
  // Only the fixed part is of interest; what follows may be padded.
  const std::string head(metadata.substr(0, 12));
  using Decode = it::transform_width<it::binary_from_base64<std::string::const_iterator>, 8, 6>;
  try {
    const std::string bytes(Decode(head.cbegin()), Decode(head.cend()));
    if (bytes.size() < kFixedSize || (bytes[0] != 1 && bytes[0] != kVersion)) return kNoTimestamp;
    std::uint64_t time = 0;
    for (std::size_t i = 1; i < kFixedSize; ++i) time = time << 8 | static_cast<unsigned char>(bytes[i]);
    return static_cast<Timestamp>(time);
  } catch (const std::exception&) {  // not Base64
    return kNoTimestamp;
  }
}

}  // namespace millrace::detail
