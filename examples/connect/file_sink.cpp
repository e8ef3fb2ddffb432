// SPDX-License-Identifier: Apache-2.0
// file_sink: a sink of one's own. Writes the values of topics to files, one per partition, each value exactly once.
//     file_sink --from lines --directory copies --until-end --broker embedded:words
//     cat copies/lines-0
// Each line begins with the record's offset. So the file itself says where to go on.
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/connect/run_sink.hpp"

using namespace millrace;
namespace {
class FileSink : public connect::Sink {
 public:
  explicit FileSink(std::string directory) : directory_(std::move(directory)) {}
  std::string name() const override { return directory_; }
  void open(connect::SinkContext&) override { std::filesystem::create_directories(directory_); }

  // The next offset of each partition: behind the last whole line. A line that was cut off is removed.
  std::map<TopicPartition, std::int64_t> positions(const std::vector<TopicPartition>& partitions) override {
    std::map<TopicPartition, std::int64_t> next;
    for (const auto& partition : partitions) {
      const auto path = std::filesystem::path(directory_) / partition.str();
      std::ifstream in(path);
      std::uintmax_t size = 0;
      for (std::string line; std::getline(in, line) && !in.eof(); size += line.size() + 1) {
        next[partition] = std::stoll(line) + 1;
      }
      if (in.is_open()) std::filesystem::resize_file(path, size);
    }
    return next;
  }

  void put(std::span<const ConsumerRecord> records) override {
    std::map<std::filesystem::path, std::ofstream> files;
    for (const auto& record : records) {
      const auto path = std::filesystem::path(directory_) / TopicPartition{*record.topic, record.partition}.str();
      auto& out = files.try_emplace(path, path, std::ios::app).first->second;
      if (out << record.offset << '\t' << record.value.value_or("") << std::endl) continue;
      throw RetriableException("cannot write to '" + path.string() + "': check the disk");
    }
  }

 private:
  std::string directory_;
};
}  // namespace

int main(int argc, char** argv) {
  std::string directory;
  return connect::run_sink(
      argc, argv,
      {.name = "file_sink",
       .options = [&](Options& options) { options.option("--directory", directory, "where to write"); },
       .sink = [&](const StreamsConfig&) { return std::make_unique<FileSink>(directory); }});
}
