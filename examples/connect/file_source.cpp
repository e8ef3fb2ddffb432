// SPDX-License-Identifier: Apache-2.0
// file_source: a source of one's own. Copies each line of a file to a topic, exactly once, also after kill -9.
//
//     printf 'to be or\nnot to be\n' > lines.txt
//     file_source --file lines.txt --to lines --create-topics --broker embedded:words
//     topics cat lines --broker embedded:words
//
// Start it again after lines were appended: it goes on behind the last line that it has sent.
#include <fstream>
#include <memory>
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/connect/run_source.hpp"

using namespace millrace;

namespace {

class FileSource : public connect::Source {
 public:
  explicit FileSource(std::string path) : path_(std::move(path)) {}

  connect::SourceKind kind() const override { return connect::SourceKind::replayable; }
  std::string name() const override { return path_; }

  // Goes to the line behind the last one that is in the topic.
  void open(connect::SourceContext& context) override {
    in_ = std::ifstream(path_);
    if (!in_) throw StreamsException("cannot read the file '" + path_ + "': check its name and permissions");
    const auto done = context.position() ? context.position()->number : 0;
    std::string line;
    for (lines_ = 0; lines_ < done && std::getline(in_, line);) ++lines_;
  }

  bool poll(std::vector<connect::SourceRecord>& records, std::size_t max_records, Millis) override {
    std::string line;
    for (std::size_t n = 0; n < max_records; ++n) {
      if (!std::getline(in_, line)) return false;
      records.push_back({.value = line, .position = connect::SourcePosition{.number = ++lines_, .text = {}}});
    }
    return true;
  }

 private:
  std::string path_;
  std::ifstream in_;
  std::int64_t lines_ = 0;  // read so far
};

}  // namespace

int main(int argc, char** argv) {
  std::string path;
  return connect::run_source(argc, argv,
                             {.name = "file_source",
                              .description = "Copies the lines of a file to a topic",
                              .options = [&](Options& options) { options.option("--file", path, "the file to read"); },
                              .source = [&](const StreamsConfig&) { return std::make_unique<FileSource>(path); }});
}
