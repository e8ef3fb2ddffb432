#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct gzFile_s;

namespace buy_signals {

/// The lines of a text file, plain or compressed with gzip; told apart by content, not by name.
/// Holds one line in memory; a line over kLongest is cut there and marked.
class GzipLines {
 public:
  static constexpr std::size_t kLongest = 64 * 1024;

  /// Throws SourceError if the file cannot be opened.
  explicit GzipLines(const std::filesystem::path& file);

  /// The next line without its line feed, valid until the next call. False at the end. Throws SourceError if the
  /// file is damaged or cut short.
  bool next(std::string_view& line);

  /// The number of the line that next() returned last; the first is 1.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] bool too_long() const { return too_long_; }

 private:
  struct Close {
    void operator()(gzFile_s* file) const;
  };

  bool fill();

  std::string name_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::string buffer_;
  std::size_t used_ = 0;  ///< bytes of buffer_ that were handed out
  std::string line_;
  std::uint64_t number_ = 0;
  bool too_long_ = false;
};

}  // namespace buy_signals
