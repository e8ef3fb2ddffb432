// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace tweets {

/// Reads the tweets of a file, one after the other: a JSON array of objects, or one object a line; plain or gzip.
/// Memory does not grow with the file.
class TweetFile {
 public:
  /// The longest tweet, in bytes. Longer ones are reported and skipped.
  static constexpr std::size_t kLongestTweet = 1 << 20;

  /// Throws StreamsException if the file cannot be opened.
  explicit TweetFile(const std::string& path);
  ~TweetFile();
  TweetFile(const TweetFile&) = delete;
  TweetFile& operator=(const TweetFile&) = delete;

  /// One tweet, or what stands in its place.
  struct Item {
    std::string text;        ///< as in the file, without white space around it; not checked to be JSON
    std::uint64_t line = 0;  ///< where it begins, from 1
    std::string error;       ///< not empty: it cannot be a tweet, and this is why
  };

  /// Returns false at the end. Throws StreamsException if the file cannot be read, or its gzip data are damaged or cut
  /// off; the tweets before that place have been returned.
  [[nodiscard]] bool next(Item& item);

 private:
  [[nodiscard]] int peek();
  int take();
  void skip_space();
  bool next_line(Item& item);
  bool next_element(Item& item);
  void element(Item& item);

  struct Input;
  std::unique_ptr<Input> input_;
  std::uint64_t line_ = 1;
  bool started_ = false;
  bool array_ = false;
  bool ended_ = false;  ///< the array's end was found
};

}  // namespace tweets
