// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/prices/gzip_lines.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "buy_signals/prices/price_source.hpp"

namespace buy_signals {

void GzipLines::Close::operator()(gzFile_s* file) const { gzclose_r(file); }

GzipLines::GzipLines(const std::filesystem::path& file) : name_(file.string()) {
  if (std::filesystem::is_directory(file)) throw SourceError(fmt::format("{} is a directory, not a CSV file", name_));
  errno = 0;
  // zlib reads files without compression as they are.
  file_.reset(gzopen(name_.c_str(), "rbe"));
  if (!file_) throw SourceError(fmt::format("cannot open {}: {}", name_, std::strerror(errno)));
}

bool GzipLines::next(std::string_view& line) {
  line_.clear();
  too_long_ = false;
  bool anything = false;
  while (used_ < buffer_.size() || fill()) {
    anything = true;
    const auto end = std::min(buffer_.find('\n', used_), buffer_.size());
    // The rest of an overlong line is read and dropped.
    const auto room = kLongest - line_.size();
    line_.append(buffer_, used_, std::min(end - used_, room));
    too_long_ = too_long_ || end - used_ > room;
    used_ = std::min(end + 1, buffer_.size());
    if (end < buffer_.size()) break;
  }
  if (!anything) return false;
  ++number_;
  line = line_;
  return true;
}

/// Reads the next part of the file. Returns false at the end.
bool GzipLines::fill() {
  buffer_.resize(kLongest);
  used_ = 0;
  const int count = gzread(file_.get(), buffer_.data(), static_cast<unsigned>(buffer_.size()));
  buffer_.resize(static_cast<std::size_t>(std::max(count, 0)));
  int error = Z_OK;
  const char* text = gzerror(file_.get(), &error);
  // A file that is cut short is an error, too. Otherwise the missing rows would go unnoticed.
  if (count < 0 || (error != Z_OK && error != Z_STREAM_END)) {
    const char* reason = error == Z_ERRNO ? std::strerror(errno) : error == Z_BUF_ERROR ? "it ends too early" : text;
    throw SourceError(fmt::format("{} is damaged after line {}: {}", name_, number_, reason));
  }
  return count > 0;
}

}  // namespace buy_signals
