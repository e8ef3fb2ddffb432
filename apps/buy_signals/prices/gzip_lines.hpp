// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct gzFile_s;

namespace buy_signals {

/// Reads the lines of a text file, plain or compressed with gzip. The content decides, not the file's name. Holds one
/// line in memory. A line longer than kLongest is cut there and marked. Used by one thread.
class GzipLines {
 public:
  /// Bytes.
  static constexpr std::size_t kLongest = 64 * 1024;

  /// Throws SourceError if the file cannot be opened.
  explicit GzipLines(const std::filesystem::path& file);

  /// The next line without its line feed. The view is valid until the next call. Returns false at the end. Throws
  /// SourceError if the file is damaged or incomplete.
  bool next(std::string_view& line);

  /// The number of the line that next() returned last. The first line is 1.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// True if that line was cut.
  [[nodiscard]] bool too_long() const { return too_long_; }

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };

  bool fill();

  std::string name_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::string buffer_;
  std::size_t used_ = 0;  ///< bytes of buffer_ that were already returned
  std::string line_;
  std::uint64_t number_ = 0;
  bool too_long_ = false;
};

}  // namespace buy_signals
