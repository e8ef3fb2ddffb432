// SPDX-License-Identifier: Apache-2.0
// Stores that stay open while the nodes and the output of their task are replaced.
#define BOOST_TEST_DYN_LINK
#include "runtime/task/store_binding.hpp"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/task/store_plans.hpp"
#include "runtime/task/stream_task.hpp"
#include "unit/runtime/changelog_output.hpp"
#include "unit/runtime/put_topology.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

namespace {

using S = std::string;
using Texts = std::vector<S>;

const TopicPartition kIn{"in", 0};

/// A task whose nodes and output are replaced while its stores stay open. Outputs and caches must outlive the task.
class Handing {
 public:
  explicit Handing(StoreBuilder store) : topology_(put_topology(std::move(store))) {
    for (const NodeSpec& node : topology_.internal().nodes()) nodes_.push_back(&node);
    open();
  }

  void open() { set = open_stores({0, 0}, environment_, nodes_, {kIn}, directory_.path()); }
  void bind(ChangelogOutput& output, CacheBudget* cache = nullptr) {
    task = std::make_unique<StreamTask>(TaskId{0, 0}, environment_, nodes_, std::vector{kIn}, *set, output,
                                        directory_.path(), cache,
                                        std::make_shared<TaskMetrics>(*environment_.metrics, "main", TaskId{0, 0}));
    task->initialize();
  }
  void unbind() { task.reset(); }

  void put(std::string_view key, std::string_view value) {
    task->add(*task->queues().find(kIn), input_record(kIn.topic, offset_++, key, value));
    BOOST_REQUIRE(task->process_one());
  }
  S get(const S& key) {
    return dynamic_cast<KeyValueStore<S, S>&>(*task->stores().find("st")).get(key).value_or("(none)");
  }
  void commit(ChangelogOutput& output, Offset next_offset) {
    task->commit([&] {
      output.confirm(next_offset);
      return std::map<TopicPartition, OffsetAndMetadata>();
    });
  }
  [[nodiscard]] std::optional<Offset> next_offset() const { return set->positions().front().next_offset(); }

  /// RocksDB writes a new manifest at each start, so an equal name shows that the database stayed open.
  [[nodiscard]] S manifest() const {
    std::ostringstream text;
    text << std::ifstream(directory_.path() / "CURRENT").rdbuf();
    return text.str();
  }

 private:
  const TempDirectory directory_;
  Topology topology_;
  StreamsConfig config_;
  TaskEnvironment environment_{topology_.internal(),
                               "app",
                               config_,
                               Clock::system(),
                               make_error_policy(config_, {}),
                               0,
                               TimestampPolicy::fail_on_invalid};
  std::vector<const NodeSpec*> nodes_;
  std::int64_t offset_ = 0;

 public:
  std::unique_ptr<StoreSet> set;
  std::unique_ptr<StreamTask> task;
};

StoreBuilder in_rocksdb() { return Stores::key_value_store<S, S>("st"); }
StoreBuilder in_memory() { return Stores::key_value_store<S, S>("st", StoreMedium::in_memory); }

}  // namespace

BOOST_AUTO_TEST_SUITE(StoreBindings)

BOOST_AUTO_TEST_CASE(stores_stay_open_between_bindings) {
  for (const StoreBuilder& store : {in_rocksdb(), in_memory()}) {
    ChangelogOutput first;
    ChangelogOutput second;
    Handing stores(store);
    stores.bind(first);
    stores.put("a", "1");
    stores.commit(first, Offset(7));
    const S manifest = stores.manifest();
    stores.unbind();
    BOOST_TEST(first.closed.size() == 1);
    stores.bind(second);
    BOOST_TEST(stores.get("a") == "1");
    BOOST_TEST(stores.next_offset().value() == Offset(7));
    stores.put("b", "2");
    stores.commit(second, Offset(8));
    BOOST_TEST(first.logged == Texts{"a=1"}, boost::test_tools::per_element());
    BOOST_TEST(second.logged == Texts{"b=2"}, boost::test_tools::per_element());
    BOOST_TEST(stores.next_offset().value() == Offset(8));
    BOOST_TEST(stores.manifest() == manifest);
  }
}

BOOST_AUTO_TEST_CASE(uncommitted_changes_are_gone_for_the_next_binding) {
  ChangelogOutput first;
  ChangelogOutput second;
  Handing stores(in_rocksdb());
  stores.bind(first);
  stores.put("a", "1");
  stores.commit(first, Offset(7));
  stores.put("a", "2");
  stores.put("b", "2");
  stores.unbind();
  stores.set->discard();
  stores.bind(second);
  BOOST_TEST(stores.get("a") == "1");
  BOOST_TEST(stores.get("b") == "(none)");
  BOOST_TEST(stores.next_offset().value() == Offset(7));
}

BOOST_AUTO_TEST_CASE(changes_in_a_cache_end_with_the_binding) {
  ChangelogOutput first;
  ChangelogOutput second;
  CacheBudget cache(1u << 20);
  Handing stores(in_rocksdb().with_caching_enabled());
  stores.bind(first, &cache);
  stores.put("a", "1");
  BOOST_TEST(first.logged.empty());
  stores.commit(first, Offset(7));
  BOOST_TEST(first.logged == Texts{"a=1"}, boost::test_tools::per_element());
  stores.put("a", "2");
  BOOST_TEST(stores.get("a") == "2");
  stores.unbind();
  stores.set->discard();
  stores.bind(second, &cache);
  BOOST_TEST(stores.get("a") == "1");
  stores.commit(second, Offset(7));
  BOOST_TEST(second.logged.empty());
}

BOOST_AUTO_TEST_CASE(an_lru_map_logs_evictions_to_its_current_output) {
  ChangelogOutput first;
  ChangelogOutput second;
  Handing stores(Stores::lru_map<S, S>("st", 1));
  stores.bind(first);
  stores.put("a", "1");
  stores.commit(first, Offset(1));
  stores.unbind();
  stores.bind(second);
  stores.put("b", "2");
  BOOST_TEST(first.logged == Texts{"a=1"}, boost::test_tools::per_element());
  BOOST_TEST(second.logged == (Texts{"a=null", "b=2"}), boost::test_tools::per_element());
  stores.unbind();
  stores.set->bytes("st").key_value->put("c", "3");  // an unbound store logs nothing
  BOOST_TEST(second.logged.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_commit_flushes_and_publishes_before_it_takes_offsets) {
  ChangelogOutput output;
  CacheBudget cache(1u << 20);
  Handing stores(in_rocksdb().with_caching_enabled());
  stores.bind(output, &cache);
  stores.put("a", "1");
  const auto reader = stores.set->committed_key_value("st");
  stores.task->commit([&] {
    BOOST_TEST(output.logged == Texts{"a=1"}, boost::test_tools::per_element());
    BOOST_TEST(!reader->get("a").has_value());
    output.confirm(Offset(1));
    return std::map<TopicPartition, OffsetAndMetadata>();
  });
  BOOST_TEST(reader->get("a").value() == "1");
  BOOST_TEST(stores.next_offset().value() == Offset(1));
}

BOOST_AUTO_TEST_CASE(a_failed_commit_leaves_the_stores_at_the_last_one) {
  ChangelogOutput output;
  Handing stores(in_rocksdb());
  stores.bind(output);
  stores.put("a", "1");
  const auto refuse = []() -> std::map<TopicPartition, OffsetAndMetadata> { throw StreamsException("not now"); };
  BOOST_CHECK_THROW(stores.task->commit(refuse), StreamsException);
  BOOST_TEST(!stores.set->committed_key_value("st")->get("a").has_value());
  BOOST_TEST(!stores.next_offset().has_value());
}

BOOST_AUTO_TEST_CASE(the_next_store_set_recognises_a_clean_end) {
  ChangelogOutput output;
  Handing stores(in_rocksdb());
  stores.bind(output);
  stores.put("a", "1");
  stores.commit(output, Offset(7));
  stores.unbind();
  stores.set->flush_to_disk();
  stores.set.reset();
  stores.open();
  BOOST_TEST(stores.next_offset().value() == Offset(7));
  stores.bind(output);
  BOOST_TEST(stores.get("a") == "1");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace millrace::detail
