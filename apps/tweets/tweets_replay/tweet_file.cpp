// SPDX-License-Identifier: Apache-2.0
#include "tweets/tweets_replay/tweet_file.hpp"

#include <sys/stat.h>
#include <zlib.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "millrace/common/errors.hpp"

namespace tweets {
namespace {

constexpr int kEnd = -1;

bool is_space(int c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

struct TweetFile::Input {
  std::string path;
  gzFile file = nullptr;
  std::array<unsigned char, 64 << 10> buffer{};
  std::size_t at = 0;
  std::size_t size = 0;

  ~Input() {
    if (file != nullptr) gzclose_r(file);
  }

  void fill() {
    const int read = gzread(file, buffer.data(), static_cast<unsigned>(buffer.size()));
    int error = Z_OK;
    const char* const text = gzerror(file, &error);
    if (read < 0 || (error != Z_OK && error != Z_STREAM_END)) {
      throw millrace::StreamsException("cannot read '" + path + "' to its end: " +
                                       (error == Z_ERRNO ? std::generic_category().message(errno) : text) +
                                       "; is the file damaged or cut off?");
    }
    at = 0;
    size = static_cast<std::size_t>(read);
  }
};

TweetFile::TweetFile(const std::string& path) : input_(std::make_unique<Input>()) {
  input_->path = path;
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
    throw millrace::StreamsException("cannot read '" + path + "': it is a directory; give a file with tweets");
  }
  errno = 0;
  input_->file = gzopen(path.c_str(), "rb");
  if (input_->file == nullptr) {
    throw millrace::StreamsException("cannot open '" + path + "': " + std::generic_category().message(errno));
  }
}

TweetFile::~TweetFile() = default;

int TweetFile::peek() {
  if (input_->at == input_->size) input_->fill();
  return input_->at == input_->size ? kEnd : input_->buffer[input_->at];
}

int TweetFile::take() {
  const int c = peek();
  if (c == kEnd) return c;
  ++input_->at;
  if (c == '\n') ++line_;
  return c;
}

void TweetFile::skip_space() {
  while (is_space(peek())) take();
}

bool TweetFile::next(Item& item) {
  item = {};
  if (!started_) {
    started_ = true;
    // A byte order mark has no meaning in UTF-8, but some programs write it.
    if (peek() == 0xef) {
      for (int i = 0; i < 3; ++i) take();
    }
    skip_space();
    array_ = peek() == '[';
    if (array_) take();
  }
  return array_ ? next_element(item) : next_line(item);
}

bool TweetFile::next_line(Item& item) {
  skip_space();
  if (peek() == kEnd) return false;
  item.line = line_;
  bool too_long = false;
  for (int c = take(); c != kEnd && c != '\n'; c = take()) {
    too_long = too_long || item.text.size() == kLongestTweet;
    if (!too_long) item.text += static_cast<char>(c);
  }
  while (!item.text.empty() && is_space(static_cast<unsigned char>(item.text.back()))) item.text.pop_back();
  if (too_long) item.error = "the line has more than " + std::to_string(kLongestTweet) + " bytes";
  return true;
}

bool TweetFile::next_element(Item& item) {
  if (ended_) return false;
  skip_space();
  while (peek() == ',') {
    take();
    skip_space();
  }
  item.line = line_;
  if (peek() == kEnd) {
    ended_ = true;
    item.error = "the array has no end: the file is cut off";
    return true;
  }
  if (peek() == ']') {
    ended_ = true;
    return false;
  }
  element(item);
  return true;
}

/// Takes all up to the comma or bracket that ends the element.
void TweetFile::element(Item& item) {
  int depth = 0;
  bool in_string = false;
  bool escaped = false;
  bool too_long = false;
  while (true) {
    const int c = peek();
    if (c == kEnd) {
      item.error = "the file ends inside of this tweet, which begins in line " + std::to_string(item.line);
      ended_ = true;
      return;
    }
    if (!in_string && depth == 0 && (c == ',' || c == ']')) break;
    take();
    if (in_string) {
      in_string = escaped || c != '"';
      escaped = !escaped && c == '\\';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      if (!too_long) item.text += static_cast<char>(c);
      break;
    }
    too_long = too_long || item.text.size() == kLongestTweet;
    if (!too_long) item.text += static_cast<char>(c);
  }
  if (too_long) item.error = "it has more than " + std::to_string(kLongestTweet) + " bytes";
}

}  // namespace tweets
