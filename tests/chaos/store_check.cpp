// SPDX-License-Identifier: Apache-2.0
#include "chaos/store_check.hpp"

#include <limits>
#include <map>
#include <memory>

#include "runtime/plan/topology_plan.hpp"
#include "runtime/task/store_plans.hpp"
#include "runtime/thread/changelog_reader.hpp"
#include "runtime/thread/client_configs.hpp"
#include "support/temp_dir.hpp"

namespace millrace::chaos {
namespace {

using namespace detail;

/// The entries of a store, as text that sorts by key.
using Entries = std::map<std::string, std::string>;

constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();

Entries entries(const ByteStore& store) {
  Entries all;
  if (store.key_value) {
    for (auto row = store.key_value->range(std::nullopt, std::nullopt); row->valid(); row->next()) {
      all.emplace(row->key(), row->value());
    }
  }
  if (store.window) {
    auto row = store.window->fetch_range(std::nullopt, std::nullopt, 0, kEndOfTime, true);
    for (; row->valid(); row->next()) {
      all.emplace(std::string(row->key()) + "@" + std::to_string(row->window_start()) + "#" +
                      std::to_string(row->seq().value()),
                  row->value());
    }
  }
  if (store.session) {
    auto row = store.session->find_sessions_in_range(std::nullopt, std::nullopt, {}, true);
    for (; row->valid(); row->next()) {
      all.emplace(std::string(row->key()) + "@" + std::to_string(row->session().start) + "-" +
                      std::to_string(row->session().end),
                  row->value());
    }
  }
  return all;
}

/// One task of the application.
class Task {
 public:
  Task(Broker& broker, const TaskEnvironment& environment, const TopologyPlan& plan, TaskId id)
      : broker_(broker),
        environment_(environment),
        admin_(broker.make_admin()),
        id_(id),
        nodes_(plan.tasks_of(id.subtopology).subtopology.nodes),
        inputs_(plan.inputs_of(id)) {}

  /// Restores all stores in `directory` to the end of their changelogs. Returns the entries of each store on disk.
  [[nodiscard]] std::map<std::string, Entries> restored(const std::filesystem::path& directory) const {
    const auto stores = open_stores(id_, environment_, nodes_, inputs_, directory);
    ClientNames names;
    names.application_id = environment_.application_id;
    ChangelogReader reader(broker_.make_consumer(restore_consumer_config(environment_.config, names)), *admin_, {},
                           Millis(60'000), environment_.clock);
    // Nothing is filled or taken back here, so nothing is written to a changelog.
    reader.add(*stores, std::make_shared<TaskMetrics>(*environment_.metrics, "check", id_), {}, Millis(0));
    while (!reader.done(*stores)) reader.step(Millis(0));
    std::map<std::string, Entries> all;
    for (const StorePlan& plan : stores->plans()) {
      const std::string& name = plan.builder->name();
      if (plan.persistent) all.emplace(name, entries(stores->bytes(name)));
    }
    return all;
  }

 private:
  Broker& broker_;
  const TaskEnvironment& environment_;
  std::unique_ptr<Admin> admin_;
  TaskId id_;
  const std::vector<const NodeSpec*>& nodes_;
  std::vector<TopicPartition> inputs_;
};

std::string readable(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) text += c >= ' ' && c <= '~' ? c : '.';
  return text;
}

/// The first difference; empty if there is none.
std::string difference(const Entries& found, const Entries& expected) {
  for (const auto& [key, value] : expected) {
    const auto present = found.find(key);
    if (present == found.end()) return "lacks " + readable(key);
    if (present->second != value) {
      return "has " + readable(key) + "=" + readable(present->second) + " instead of " + readable(value);
    }
  }
  for (const auto& [key, value] : found) {
    if (!expected.contains(key)) return "has " + readable(key) + "=" + readable(value) + ", which its changelog lacks";
  }
  return {};
}

}  // namespace

std::vector<std::string> store_differences(Broker& broker, const Topology& topology, const StreamsConfig& config,
                                           const std::vector<std::filesystem::path>& state_dirs) {
  const std::string application = config.get_string("application.id");
  const auto admin = broker.make_admin();
  const TopologyPlan plan = plan_topology(topology.internal(), application, config, *admin, Millis(0));
  const TaskEnvironment environment{.topology = topology.internal(),
                                    .application_id = application,
                                    .config = config,
                                    .clock = Clock::system(),
                                    .errors = make_error_policy(config, {})};
  std::vector<std::string> differences;
  for (const TopologyPlan::Tasks& tasks : plan.tasks()) {
    if (tasks.subtopology.stores.empty()) continue;
    for (std::int32_t partition = 0; partition < tasks.count; ++partition) {
      const TaskId id{tasks.subtopology.id, partition};
      const Task task(broker, environment, plan, id);
      std::optional<std::map<std::string, Entries>> expected;
      for (const auto& state_dir : state_dirs) {
        const auto directory = state_dir / application / id.str();
        if (!std::filesystem::exists(directory)) continue;
        if (!expected) expected = task.restored(TempDir().path());
        const TempDir copy;
        std::filesystem::copy(directory, copy.path(), std::filesystem::copy_options::recursive);
        for (const auto& [store, found] : task.restored(copy.path())) {
          const std::string text = difference(found, expected->at(store));
          if (!text.empty()) differences.push_back("store " + store + " of task " + id.str() + " " + text);
        }
      }
    }
  }
  return differences;
}

}  // namespace millrace::chaos
