// SPDX-License-Identifier: Apache-2.0
#include "app/show_topics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string_view>

#include "millrace/common/detail/current_error.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::detail {
namespace {

/// How late the thread notices that it must end.
constexpr Millis kPollTimeout{100};
constexpr std::size_t kPollRecords = 500;
/// How long finish() waits for the last records, and for each answer of the broker.
constexpr Millis kLastRecords{5'000};

/// Removes `outer<` and `>` around a type. False if the type is another one.
bool unwrap(std::string_view& type, std::string_view outer) {
  if (!type.starts_with(outer) || !type.ends_with('>')) return false;
  type.remove_prefix(outer.size());
  type.remove_suffix(1);
  return true;
}

/// The format for a type, by the name that type_name() gives it. The serde of the type may be another one than the
/// usual one. Then the bytes do not fit the format, and print() shows them as `auto`.
std::string format_for(std::string_view type, std::size_t window_suffix_bytes) {
  static const std::map<std::string_view, std::string_view> formats{
      {"short", "short"},   {"int", "integer"},  {"long", "long"}, {"float", "float"},
      {"double", "double"}, {"bool", "boolean"}, {"Uuid", "uuid"}};
  (void)unwrap(type, "std::optional<");
  if (unwrap(type, "Windowed<")) {
    constexpr std::size_t kTwoTimes = 16;
    return (window_suffix_bytes == kTwoTimes ? "session:" : "windowed:") + format_for(type, 0);
  }
  const auto found = formats.find(type);
  return std::string(found == formats.end() ? "auto" : found->second);
}

/// The formats for what the topology writes to `topic`.
RecordFormat written_format(const Topology& topology, const std::string& topic) {
  for (const NodeSpec& node : topology.internal().nodes()) {
    if (node.kind != NodeSpec::Kind::sink || std::ranges::find(node.topics, topic) == node.topics.end()) continue;
    const WrittenTypes types = node.factory()->written_types();
    return {BytesFormat::parse(format_for(types.key, types.window_suffix_bytes)),
            BytesFormat::parse(format_for(types.value, 0))};
  }
  return {};
}

}  // namespace

ShownTopic ShownTopic::parse(const std::string& option, const Topology& topology) {
  const auto equals = option.find('=');
  const std::string name = option.substr(0, equals);
  if (name.empty()) throw ConfigException("--show " + option + ": write --show TOPIC or --show TOPIC=KEY,VALUE");
  ShownTopic shown{name, written_format(topology, name)};
  if (equals == std::string::npos) return shown;
  const std::string formats = option.substr(equals + 1);
  const auto comma = formats.find(',');
  try {
    if (comma != std::string::npos) shown.format.key = BytesFormat::parse(formats.substr(0, comma));
    shown.format.value = BytesFormat::parse(formats.substr(comma == std::string::npos ? 0 : comma + 1));
  } catch (const std::invalid_argument& error) {
    throw ConfigException("--show " + option + ": " + error.what());
  }
  return shown;
}

ShowTopics::ShowTopics(std::shared_ptr<Broker> broker, std::vector<ShownTopic> topics, Millis timeout)
    : broker_(std::move(broker)),
      topics_(std::move(topics)),
      consumer_(broker_->make_consumer({{"isolation.level", "read_committed"}})) {
  const auto admin = broker_->make_admin();
  for (const ShownTopic& topic : topics_) {
    const auto found = admin->describe_topic(topic.name, timeout);
    if (!found) {
      throw TopologyException("--show " + topic.name + ": there is no topic '" + topic.name + "' on " +
                              broker_->address() + ": create it, or start once with --create-topics");
    }
    for (std::int32_t partition = 0; partition < found->partitions; ++partition) {
      const TopicPartition id{topic.name, partition};
      start_.emplace_back(id, consumer_->query_watermarks(id, timeout).high);
    }
    name_width_ = std::max(name_width_, topic.name.size());
  }
  thread_ = std::thread([this] { run(); });
}

ShowTopics::~ShowTopics() { finish(); }

void ShowTopics::finish() {
  finishing_ = true;
  if (thread_.joinable()) thread_.join();
}

void ShowTopics::run() {
  try {
    consumer_->assign(start_);
    std::vector<ConsumerRecord> records;
    std::optional<std::chrono::steady_clock::time_point> deadline;
    while (true) {
      if (finishing_) {
        const auto now = std::chrono::steady_clock::now();
        if (!deadline) deadline = now + kLastRecords;
        if (now > *deadline || at_end()) return;
      }
      records.clear();
      consumer_->poll(records, kPollRecords, kPollTimeout);
      for (const ConsumerRecord& record : records) print(record);
      std::cout.flush();
    }
  } catch (...) {
    log(LogLevel::warn, "--show ends, the application goes on: " + current_error());
  }
}

bool ShowTopics::at_end() {
  return std::ranges::all_of(start_, [&](const auto& part) {
    // The position also passes the markers of transactions.
    return consumer_->position(part.first).value_or(part.second) >=
           consumer_->query_watermarks(part.first, kLastRecords).high;
  });
}

void ShowTopics::print(const ConsumerRecord& record) {
  const auto topic = std::ranges::find(topics_, *record.topic, &ShownTopic::name);
  ShownRecord shown = topic->format.show(record);
  static const BytesFormat any = BytesFormat::parse("auto");
  if (!shown.key.problem.empty()) shown.key = any.show(record.key);
  if (!shown.value.problem.empty()) shown.value = any.show(record.value);
  if (topics_.size() > 1) std::cout << fmt::format("{:<{}}  ", topic->name, name_width_);
  std::cout << lines_.line(shown) << '\n';
}

}  // namespace millrace::detail
