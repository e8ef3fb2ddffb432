// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace trades {

/// A trade as the exchange sends it.
struct FeedTrade {
  std::string json = {};  ///< {"c":[...],"p":...,"s":...,"t":...,"v":...}
  std::string symbol = {};
  std::int64_t time = 0;  ///< ms since the epoch
};

/// The trades that the stand-in plays, one after the other. Used by one thread.
class Feed {
 public:
  virtual ~Feed() = default;
  /// nullopt: the end.
  [[nodiscard]] virtual std::optional<FeedTrade> next() = 0;
};

/// Reads a file with a trade per line, plain or compressed with gzip. Throws StreamsException for a file that cannot be
/// read, and for a line that is no trade.
[[nodiscard]] std::unique_ptr<Feed> open_feed_file(const std::filesystem::path& file);

/// Invents `count` trades of these symbols, about 20 per second of event time from `start` on. The same arguments give
/// the same trades. Every tenth trade is up to 2 s late. One of 200 is 30 times as large as usual.
[[nodiscard]] std::unique_ptr<Feed> invent_feed(std::uint64_t seed, std::vector<std::string> symbols,
                                                std::uint64_t count, std::int64_t start);

}  // namespace trades
