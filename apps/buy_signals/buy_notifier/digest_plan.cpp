// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/buy_notifier/digest_plan.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "millrace/common/logging.hpp"
#include "millrace/serde/json.hpp"
#include "millrace/serde/serde.hpp"

namespace buy_signals {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* action) {
  throw std::runtime_error(fmt::format("cannot {} '{}': {}", action, path.string(), std::strerror(errno)));
}

/// Writes what was said about a file or directory to the disk.
void sync(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path, "open");
  const int result = ::fsync(descriptor);
  ::close(descriptor);
  if (result != 0) fail(path, "write");
}

}  // namespace

MILLRACE_JSON(DigestPlan, first, last, hash, sent, done)

/// The content of a file.
struct PlanFile {
  std::vector<DigestPlan> plans;
};
MILLRACE_JSON(PlanFile, plans)

std::filesystem::path DigestPlans::file(const millrace::TopicPartition& partition) const {
  return directory_ / fmt::format("{}-{}.json", partition.topic, partition.partition);
}

std::vector<DigestPlan> DigestPlans::read(const millrace::TopicPartition& partition) const {
  const auto path = file(partition);
  std::ifstream in(path, std::ios::binary);
  if (!in) return {};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  try {
    return millrace::Serde<PlanFile>().deserialize(text).plans;
  } catch (const millrace::SerializationException& error) {
    millrace::log(
        millrace::LogLevel::warn,
        fmt::format("the file '{}' cannot be read, so the last mail may come again: {}", path.string(), error.what()));
    return {};
  }
}

void DigestPlans::write(const millrace::TopicPartition& partition, const std::vector<DigestPlan>& plans) const {
  std::filesystem::create_directories(directory_);
  const auto path = file(partition);
  auto fresh = path;
  fresh += ".new";
  {
    std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
    std::string text;
    millrace::Serde<PlanFile>().serialize(PlanFile{plans}, text);
    out << text << '\n';
    if (!out.flush()) fail(fresh, "write");
  }
  sync(fresh);
  std::filesystem::rename(fresh, path);
  sync(directory_);
}

void DigestHash::add(std::int64_t offset, std::int64_t timestamp, std::string_view id) {
  // The ends are marked, so that parts cannot move from one to the next.
  add_bytes(fmt::format("{} {} {} ", offset, timestamp, id.size()));
  add_bytes(id);
}

void DigestHash::add_bytes(std::string_view bytes) {
  for (const unsigned char byte : bytes) hash_ = (hash_ ^ byte) * 1099511628211ULL;
}

std::string DigestHash::text() const { return fmt::format("{:016x}", hash_); }

}  // namespace buy_signals
