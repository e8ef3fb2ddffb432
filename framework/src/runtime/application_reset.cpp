// SPDX-License-Identifier: Apache-2.0
#include "millrace/runtime/application_reset.hpp"

#include <algorithm>
#include <chrono>
#include <regex>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "common/io_remedy.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "runtime/thread/client_configs.hpp"
#include "state/state_directory.hpp"
#include "topology/topology_graph.hpp"

namespace millrace {

using namespace detail;

namespace {

/// The pause between two looks at the members of the group.
constexpr Millis kPause{200};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Whether Kafka Streams or Millrace may have made this topic for the application, perhaps for another version of its
/// topology. The same names as in Kafka's tool.
bool is_internal(const std::string& topic, const std::string& application_id) {
  static const std::regex kForeignKeys(".+-KTABLE-FK-JOIN-SUBSCRIPTION-(REGISTRATION|RESPONSE)-[0-9]+-topic");
  return topic.starts_with(application_id + "-") &&
         (topic.ends_with("-changelog") || topic.ends_with("-repartition") ||
          topic.ends_with("-subscription-registration-topic") || topic.ends_with("-subscription-response-topic") ||
          std::regex_match(topic, kForeignKeys));
}

/// Throws ConfigException if a name is not in `known`. `what`: the kind of topics. `option`: what the user has set.
void require_known(const std::vector<std::string>& names, const std::set<std::string>& known, const std::string& what,
                   const std::string& option) {
  for (const std::string& name : names) {
    if (known.contains(name)) continue;
    throw ConfigException("'" + name + "' is no " + what + " of the application (" + option + "). Its " + what +
                          "s are: " + joined({known.begin(), known.end()}));
  }
}

void add_lines(std::string& text, const std::string& verb, const std::vector<ResetPlan::Seek>& seeks) {
  for (const ResetPlan::Seek& seek : seeks) {
    text += verb + " " + seek.partition.str() + ": offset " +
            (seek.from ? std::to_string(*seek.from) : std::string("(none)")) + " -> " + std::to_string(seek.to) + "\n";
  }
}

}  // namespace

std::string ResetPlan::describe() const {
  std::string text;
  for (const std::string& member : members) text += "active member " + member + ": stop it first\n";
  add_lines(text, "reset input", input);
  add_lines(text, "skip intermediate", intermediate);
  for (const std::string& topic : deleted_topics) text += "delete internal topic " + topic + "\n";
  for (const std::string& topic : similar_topics) {
    text += "keep topic " + topic + ": it may belong to another application, or to an earlier version of this one; " +
            "--internal-topics deletes it\n";
  }
  if (local_state) text += "delete local state " + local_state->string() + "\n";
  return text.empty() ? "nothing to reset\n" : text;
}

/// The topics of the application that exist.
struct ApplicationReset::Topics {
  std::map<std::string, std::int32_t> input;         ///< with their partitions
  std::map<std::string, std::int32_t> intermediate;  ///< read and written
  std::vector<std::string> internal;                 ///< to delete
  std::vector<std::string> similar;                  ///< named like internal topics, but not of this topology
};

ApplicationReset::ApplicationReset(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker)
    : topology_(std::move(topology)), config_(std::move(config)), broker_(std::move(broker)) {
  config_.validate(/*broker_given=*/true);
  application_id_ = config_.get_string("application.id");
  timeout_ = config_.get_millis("millrace.connect.timeout.ms");
}

ApplicationReset::Topics ApplicationReset::topics(Admin& admin, const ResetOptions& options) const {
  const TopologyBuilder& topology = topology_.internal();
  std::set<std::string> own;
  for (const auto& [name, topic] : topology.internal_topics()) own.insert(decorate(topology, application_id_, name));
  for (const auto& [name, store] : topology.stores()) {
    if (definition_of(*store).spec.logging) own.insert(changelog_topic(application_id_, name));
  }
  std::set<std::string> written;
  for (const NodeSpec& node : topology.nodes()) {
    if (node.kind == NodeSpec::Kind::sink) written.insert(node.topics.begin(), node.topics.end());
  }
  Topics found;
  std::set<std::string> internal;
  std::set<std::string> read;
  for (const TopicDescription& topic : admin.list_topics(timeout_)) {
    if (own.contains(topic.name)) {
      found.internal.push_back(topic.name);
      internal.insert(topic.name);
      continue;
    }
    const bool is_read = std::ranges::any_of(topology.nodes(), [&](const NodeSpec& node) {
      // Global stores commit no offsets. Their state is local.
      if (node.kind != NodeSpec::Kind::source || node.global) return false;
      return std::ranges::find(node.topics, topic.name) != node.topics.end() ||
             (node.pattern && std::regex_match(topic.name, std::regex(*node.pattern)));
    });
    if (!is_read && !written.contains(topic.name) && is_internal(topic.name, application_id_)) {
      found.similar.push_back(topic.name);
      internal.insert(topic.name);
    }
    if (!is_read) continue;
    if (written.contains(topic.name)) {
      found.intermediate.emplace(topic.name, topic.partitions);
    } else {
      read.insert(topic.name);
      found.input.emplace(topic.name, topic.partitions);
    }
  }
  require_known(options.input_topics, read, "input topic", "--input-topics");
  require_known(options.internal_topics, internal, "internal topic", "--internal-topics");
  if (!options.input_topics.empty()) {
    std::erase_if(found.input, [&](const auto& entry) {
      return std::ranges::find(options.input_topics, entry.first) == options.input_topics.end();
    });
  }
  if (!options.internal_topics.empty()) {
    const std::set<std::string> chosen(options.internal_topics.begin(), options.internal_topics.end());
    found.internal.assign(chosen.begin(), chosen.end());
    std::erase_if(found.similar, [&](const std::string& topic) { return chosen.contains(topic); });
  }
  return found;
}

std::int64_t ApplicationReset::target(const ResetPosition& position, const TopicPartition& partition,
                                      std::optional<std::int64_t> committed, Admin& admin, Consumer& consumer) const {
  const Watermarks bounds = admin.watermarks(partition, timeout_);
  const auto at_time = [&](Timestamp time) {
    return consumer.offset_for_time(partition, std::max<Timestamp>(time, 0), timeout_).value_or(bounds.high);
  };
  struct Visitor {
    const Watermarks& bounds;
    const TopicPartition& partition;
    std::optional<std::int64_t> committed;
    const decltype(at_time)& at;
    std::int64_t operator()(const ResetPosition::Earliest&) const { return bounds.low; }
    std::int64_t operator()(const ResetPosition::Latest&) const { return bounds.high; }
    std::int64_t operator()(const ResetPosition::ToOffset& to) const { return to.offset; }
    std::int64_t operator()(const ResetPosition::ShiftBy& shift) const {
      return committed.value_or(bounds.low) + shift.by;
    }
    std::int64_t operator()(const ResetPosition::ToTime& to) const { return at(to.time); }
    std::int64_t operator()(const ResetPosition::ByDuration& by) const {
      return at(Clock::system().now() - by.duration.count());
    }
    std::int64_t operator()(const ResetPosition::ToOffsets& to) const {
      const auto found = to.offsets.find(partition);
      return found != to.offsets.end() ? found->second : committed.value_or(bounds.low);
    }
  };
  const std::int64_t wanted = std::visit(Visitor{bounds, partition, committed, at_time}, position.kind_);
  const std::int64_t offset = std::clamp(wanted, bounds.low, bounds.high);
  if (offset != wanted) {
    log(LogLevel::warn, partition.str() + " holds the offsets " + std::to_string(bounds.low) + " to " +
                            std::to_string(bounds.high) + ": offset " + std::to_string(wanted) + " becomes " +
                            std::to_string(offset));
  }
  return offset;
}

/// Belongs to the application's group, but is no member of it.
std::unique_ptr<Consumer> ApplicationReset::make_consumer() const {
  ClientNames names;
  names.application_id = application_id_;
  names.client_id = application_id_ + "-reset";
  ClientConfig settings = main_consumer_config(config_, names);
  settings.erase("group.instance.id");
  return broker_->make_consumer(settings);
}

std::vector<std::string> ApplicationReset::members(Admin& admin) const {
  std::vector<std::string> names;
  for (const MemberDescription& member : admin.describe_group(application_id_, timeout_).members) {
    names.push_back(member.client_id + " (" + member.host + ")");
  }
  return names;
}

ResetPlan ApplicationReset::plan(const ResetOptions& options) const {
  const auto admin = broker_->make_admin();
  const auto consumer = make_consumer();
  return plan(options, *admin, *consumer);
}

ResetPlan ApplicationReset::plan(const ResetOptions& options, Admin& admin, Consumer& consumer) const {
  const Topics topics = this->topics(admin, options);
  const auto committed = admin.group_offsets(application_id_, timeout_);
  if (const auto* given = std::get_if<ResetPosition::ToOffsets>(&options.position.kind_)) {
    for (const auto& [partition, offset] : given->offsets) {
      const auto found = topics.input.find(partition.topic);
      if (found != topics.input.end() && partition.partition >= 0 && partition.partition < found->second) continue;
      throw ConfigException(partition.str() + " is no partition of an input topic that is reset");
    }
  }
  const auto seeks = [&](const std::map<std::string, std::int32_t>& of, const ResetPosition& position) {
    std::vector<ResetPlan::Seek> all;
    for (const auto& [topic, partitions] : of) {
      for (std::int32_t i = 0; i < partitions; ++i) {
        const TopicPartition partition{topic, i};
        const auto found = committed.find(partition);
        const auto from = found == committed.end() ? std::nullopt : std::optional(found->second.offset);
        all.push_back({partition, from, target(position, partition, from, admin, consumer)});
      }
    }
    return all;
  };
  ResetPlan plan;
  plan.members = members(admin);
  plan.input = seeks(topics.input, options.position);
  plan.intermediate = seeks(topics.intermediate, ResetPosition::latest());
  plan.deleted_topics = topics.internal;
  plan.similar_topics = topics.similar;
  const std::filesystem::path state = std::filesystem::path(config_.get_string("state.dir")) / application_id_;
  std::error_code ignored;
  if (!options.keep_state && std::filesystem::exists(state, ignored)) plan.local_state = state;
  return plan;
}

void ApplicationReset::delete_local_state() const {
  const std::filesystem::path state_dir = config_.get_string("state.dir");
  // Locks the directory: no process may use the state.
  StateDirectory state(state_dir, application_id_);
  state.clean();
  std::error_code error;
  std::filesystem::remove_all(state.path() / "global", error);
  if (error) {
    throw ProcessorStateException("cannot delete " + (state.path() / "global").string() + ": " + error.message() +
                                  "; " + io_remedy(error.message(), state.path()));
  }
}

ResetPlan ApplicationReset::execute(const ResetOptions& options) const {
  const auto admin = broker_->make_admin();
  const auto consumer = make_consumer();
  const auto deadline = std::chrono::steady_clock::now() + options.wait_for_members;
  auto active = members(*admin);
  while (!active.empty() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kPause);
    active = members(*admin);
  }
  if (!active.empty()) {
    throw StreamsException(
        "group '" + application_id_ + "' is active and has the members " + joined(active) +
        ": stop all instances of the application before it is reset. Members that have ended without leaving the group "
        "stay in it until session.timeout.ms has passed: --force waits for that");
  }
  ResetPlan done = plan(options, *admin, *consumer);
  // First the local state: if another process uses it, nothing has been changed.
  if (done.local_state) delete_local_state();
  std::map<TopicPartition, OffsetAndMetadata> offsets;
  for (const auto* seeks : {&done.input, &done.intermediate}) {
    // Without metadata: the next run knows no times and no claims of the present one.
    for (const ResetPlan::Seek& seek : *seeks) offsets[seek.partition].offset = seek.to;
  }
  if (!offsets.empty()) consumer->commit_sync(offsets);
  for (const std::string& topic : done.deleted_topics) admin->delete_topic(topic, timeout_);
  return done;
}

}  // namespace millrace
