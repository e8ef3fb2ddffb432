// SPDX-License-Identifier: Apache-2.0
#include "trades/exchange_stand_in/feed.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <array>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/serde/json.hpp"

namespace trades {
namespace {

/// The fields of a line that the stand-in needs.
struct FeedLine {
  std::string s;
  std::int64_t t = 0;
};
MILLRACE_JSON(FeedLine, s, t)

class FileFeed final : public Feed {
 public:
  explicit FileFeed(const std::filesystem::path& file)
      : name_(file.string()), file_(std::filesystem::is_directory(file) ? nullptr : gzopen(name_.c_str(), "rbe")) {
    if (file_ == nullptr) throw millrace::StreamsException("cannot read the feed " + name_);
  }
  ~FileFeed() override { gzclose_r(file_); }
  FileFeed(const FileFeed&) = delete;
  FileFeed& operator=(const FileFeed&) = delete;

  std::optional<FeedTrade> next() override {
    std::string line;
    std::array<char, 4096> part{};
    while (gzgets(file_, part.data(), part.size()) != nullptr) {
      line += part.data();
      if (line.back() == '\n') break;
    }
    ++number_;
    int error = Z_OK;
    const char* text = gzerror(file_, &error);
    if (error != Z_OK && error != Z_STREAM_END) {
      throw millrace::StreamsException(fmt::format("{} is damaged behind line {}: {}", name_, number_, text));
    }
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    if (line.empty()) return std::nullopt;
    try {
      const auto fields = millrace::from_json_string<FeedLine>(line);
      return FeedTrade{.json = std::move(line), .symbol = fields.s, .time = fields.t};
    } catch (const millrace::SerializationException& wrong) {
      throw millrace::StreamsException(fmt::format("{}, line {} is no trade: {}", name_, number_, wrong.what()));
    }
  }

 private:
  std::string name_;
  gzFile file_;
  std::uint64_t number_ = 0;
};

class InventedFeed final : public Feed {
 public:
  InventedFeed(std::uint64_t seed, std::vector<std::string> symbols, std::uint64_t count, std::int64_t start)
      : state_(seed), symbols_(std::move(symbols)), left_(count), time_(start) {
    for (std::size_t i = 0; i < symbols_.size(); ++i) cents_.push_back(10'000 + 7'919 * static_cast<std::int64_t>(i));
  }

  std::optional<FeedTrade> next() override {
    if (left_ == 0 || symbols_.empty()) return std::nullopt;
    --left_;
    const auto which = random(symbols_.size());
    time_ += static_cast<std::int64_t>(random(100));
    const auto late = random(10) == 0 ? static_cast<std::int64_t>(random(2000)) : 0;
    auto& cents = cents_[which];
    cents = std::max<std::int64_t>(100, cents + static_cast<std::int64_t>(random(21)) - 10);
    const auto volume = (1 + random(300)) * (random(200) == 0 ? 30 : 1);
    FeedTrade trade{.symbol = symbols_[which], .time = time_ - late};
    trade.json = fmt::format(R"({{"c":["1","{}"],"p":{}.{:02},"s":{},"t":{},"v":{}}})", random(30), cents / 100,
                             cents % 100, millrace::to_json_string(trade.symbol), trade.time, volume);
    return trade;
  }

 private:
  /// SplitMix64: the same numbers on every machine.
  std::uint64_t random(std::uint64_t below) {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return (z ^ (z >> 31U)) % below;
  }

  std::uint64_t state_;
  std::vector<std::string> symbols_;
  std::vector<std::int64_t> cents_;
  std::uint64_t left_;
  std::int64_t time_;
};

}  // namespace

std::unique_ptr<Feed> open_feed_file(const std::filesystem::path& file) { return std::make_unique<FileFeed>(file); }

std::unique_ptr<Feed> invent_feed(std::uint64_t seed, std::vector<std::string> symbols, std::uint64_t count,
                                  std::int64_t start) {
  return std::make_unique<InventedFeed>(seed, std::move(symbols), count, start);
}

}  // namespace trades
