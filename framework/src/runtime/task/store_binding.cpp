// SPDX-License-Identifier: Apache-2.0
#include "runtime/task/store_binding.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "millrace/common/errors.hpp"
#include "millrace/state/detail/changelog_writer.hpp"
#include "millrace/state/detail/formats.hpp"
#include "runtime/task/commit_metadata.hpp"
#include "state/cache/stores.hpp"
#include "state/changelog/present.hpp"
#include "state/changelog/rewrite.hpp"
#include "state/changelog/stores.hpp"
#include "topology/topology_graph.hpp"

namespace millrace::detail {

/// Sends a store's changes to its changelog. Timestamps and headers are those of the task's current record.
class StoreBinding::Writer final : public ChangelogWriter {
 public:
  Writer(TaskContext& task, TaskOutput& output, std::uint64_t token) : task_(task), output_(output), token_(token) {}

  void log(std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) override {
    used_ = true;
    output_.send_changelog(token_, key, value, timestamp, headers);
  }
  /// Whether anything was logged.
  [[nodiscard]] bool used() const { return used_; }
  [[nodiscard]] Timestamp current_timestamp() const override { return task_.current_record().timestamp; }
  [[nodiscard]] const Headers* current_headers() const override { return task_.current_record().headers; }

 private:
  TaskContext& task_;
  TaskOutput& output_;
  std::uint64_t token_;
  bool used_ = false;
};

/// Lets caches remember the record that caused a change. A cache writes the change later, when the task may be
/// processing another record, or none. Then run_under() makes the remembered record the current one.
class StoreBinding::Contexts final : public RecordContextHolder {
 public:
  explicit Contexts(TaskContext& task) : task_(task) {}

  void keep(KeptContext& context) override {
    const CurrentRecord& record = task_.current_record();
    const RecordOrigin& origin = *record.origin;
    context.topic = origin.topic == nullptr ? nullptr : &kept_name(*origin.topic);
    context.partition = origin.partition;
    context.offset = origin.offset;
    context.timestamp = record.timestamp;
    context.headers = *record.headers;
    // Only if a handler or a dead letter may need the bytes, see ErrorPolicy::shows_raw_records.
    if (origin.keeps_raw) {
      if (!context.raw) context.raw = std::make_unique<KeptContext::Raw>();
      assign(context.raw->key, origin.raw_key);
      assign(context.raw->value, origin.raw_value);
    } else {
      context.raw.reset();
    }
    ++kept_;
  }

  void run_under(const KeptContext& context, FunctionRef<void()> action) override {
    const RecordOrigin origin{context.topic,
                              context.partition,
                              context.offset,
                              context.raw ? viewed(context.raw->key) : std::nullopt,
                              context.raw ? viewed(context.raw->value) : std::nullopt,
                              context.raw != nullptr};
    const RecordScope scope(task_, {&origin, context.timestamp, &context.headers});
    action();
  }

  /// The number of changes that caches have taken so far. flush() sees from it whether there is new work.
  [[nodiscard]] std::uint64_t kept() const { return kept_; }

 private:
  static BytesView viewed(const std::optional<std::string>& bytes) { return bytes ? BytesView(*bytes) : std::nullopt; }
  /// Reuses the memory of `to`: cache entries are overwritten often.
  static void assign(std::optional<std::string>& to, BytesView from) {
    if (!from) {
      to.reset();
    } else if (to) {
      to->assign(*from);
    } else {
      to.emplace(*from);
    }
  }
  /// A copy of the topic's name that lives as long as the binding. The name in the record is destroyed with its
  /// consumer. A task reads few topics, so the set stays small, and most calls are for the same topic as the last one.
  const std::string& kept_name(const std::string& topic) {
    if (last_topic_ == nullptr || *last_topic_ != topic) last_topic_ = &*topics_.insert(topic).first;
    return *last_topic_;
  }

  TaskContext& task_;
  std::set<std::string> topics_;
  const std::string* last_topic_ = nullptr;
  std::uint64_t kept_ = 0;
};

namespace {

/// dsl.store.format.
bool headers_format_configured(const StreamsConfig& config) {
  return config.get_string("dsl.store.format") == "HEADERS";
}

}  // namespace

StoreBinding::StoreBinding(StoreSet& stores, TaskContext& task, TaskOutput& output, const Setup& setup,
                           CacheBudget* cache)
    : stores_(stores), task_(task), output_(output), contexts_(std::make_unique<Contexts>(task)) {
  for (const StorePlan& plan : stores.plans()) {
    const StoreSpec& spec = definition_of(*plan.builder).spec;
    if (!setup.only_store.empty() && spec.name != setup.only_store) continue;
    if (spec.kind == StoreKind::custom) {
      add_custom(plan, changelog_topic(setup.application_id, spec.name), headers_format_configured(setup.config));
    } else {
      add(plan, setup, cache);
    }
  }
}

void StoreBinding::add(const StorePlan& plan, const Setup& setup, CacheBudget* cache) {
  const StoreSpec& spec = definition_of(*plan.builder).spec;
  const std::string changelog = changelog_topic(setup.application_id, spec.name);
  // As in Java, operators put no headers into their stores. So dsl.store.format=HEADERS has two visible effects only: a
  // delete is logged with the headers of its record, and a change that leaves the cache of a session store has no
  // headers. (In Java, the format also shows in RocksDB.)
  const bool headers_format = spec.dsl_format && plan.persistent && headers_format_configured(setup.config);
  ByteStore bytes = stores_.bytes(spec.name);
  // Change logging is below the cache: updates of the same key that the cache merges are logged once.
  if (ChangelogWriter* writer = writer_for(plan)) {
    const LoggedHeaders headers = logged_headers(spec, headers_format);
    logged_headers_.emplace(spec.name, headers);
    log_changes(bytes, spec, headers, *writer);
  }
  if (spec.caching && cache != nullptr) cache_changes(bytes, spec, headers_format, *cache);
  if (setup.share) setup.share(*plan.builder, changelog, bytes);
  // Measuring takes two clock reads per call, so it is for metrics.recording.level=DEBUG.
  if (setup.metrics != nullptr && setup.metrics->debug()) {
    metrics_.push_back(
        std::make_unique<StoreMetrics>(setup.metrics->registry(), setup.metrics->tags(), spec, plan.persistent));
    bytes = measure(std::move(bytes), *metrics_.back());
  }
  // Pointers into `bytes`, which moves into the typed store on the next line. The objects stay where they are.
  insides_[spec.name] = {bytes.key_value.get(), bytes.window.get(), bytes.session.get()};
  keep(spec.name, definition_of(*plan.builder).wrap(std::move(bytes), changelog, task_.serdes()));
}

ChangelogWriter* StoreBinding::writer_for(const StorePlan& plan) {
  const std::string& store = plan.builder->name();
  const auto position = std::ranges::find(stores_.positions(), store, &StorePosition::store);
  if (position == stores_.positions().end() || plan.from_source) return nullptr;
  const std::uint64_t token = output_.open_changelog(position->changelog(), store, &task_);
  written_.emplace_back(&*position, token);
  writers_.push_back(std::make_unique<Writer>(task_, output_, token));
  return writers_.back().get();
}

void StoreBinding::keep(const std::string& name, std::unique_ptr<StateStore> store) {
  // Both containers: one for lookups by name, one for the order of flushes.
  in_order_.push_back(store.get());
  typed_.emplace(name, std::move(store));
}

void StoreBinding::cache_changes(ByteStore& bytes, const StoreSpec& spec, bool headers_format, CacheBudget& budget) {
  if (bytes.key_value) {
    bytes.key_value = make_caching(std::move(bytes.key_value), budget, *contexts_);
  } else if (bytes.window && !spec.window.retain_duplicates) {
    // A cache would keep only the last of several values of a key. Stores with duplicates need all of them. Versioned
    // stores have no cache either, as in Kafka Streams.
    bytes.window = make_caching(std::move(bytes.window), budget, *contexts_);
  } else if (bytes.session) {
    CacheTraits traits;
    traits.forwards_headers = !headers_format;
    bytes.session = make_caching(std::move(bytes.session), budget, *contexts_, traits);
  }
}

void StoreBinding::add_custom(const StorePlan& plan, const std::string& changelog, bool headers_format) {
  const std::string& name = plan.builder->name();
  auto store = definition_of(*plan.builder).make(writer_for(plan), changelog, headers_format, task_.serdes());
  // The set restores the store through this. The destructor detaches it.
  stores_.attach(name, *store);
  custom_.push_back(name);
  keep(name, std::move(store));
}

LoggedHeaders StoreBinding::logged_headers(const StoreSpec& spec, bool headers_format) {
  return headers_format ? LoggedHeaders::of_deletes : spec.log_headers;
}

void StoreBinding::log_changes(ByteStore& bytes, const StoreSpec& spec, LoggedHeaders headers,
                               ChangelogWriter& writer) {
  if (bytes.key_value) {
    bytes.key_value = make_change_logging(std::move(bytes.key_value), writer, spec.format, headers);
  } else if (bytes.window) {
    bytes.window = make_change_logging(std::move(bytes.window), writer, spec.format, headers);
  } else if (bytes.session) {
    bytes.session = make_change_logging(std::move(bytes.session), writer, spec.format, headers);
  } else {
    bytes.versioned = make_change_logging(std::move(bytes.versioned), writer);
  }
}

StoreBinding::~StoreBinding() {
  for (const std::string& store : custom_) stores_.detach(store);
  for (const auto& [position, token] : written_) output_.close_changelog(token);
}

StateStore* StoreBinding::find(const std::string& name) const {
  const auto found = typed_.find(name);
  return found == typed_.end() ? nullptr : found->second.get();
}

std::vector<std::string> StoreBinding::names() const {
  std::vector<std::string> names;
  for (const StateStore* store : in_order_) names.push_back(store->name());
  return names;
}

void StoreBinding::dump(const std::string& name, FunctionRef<void(std::string_view, std::string_view)> visit) const {
  constexpr Timestamp kEndOfTime = std::numeric_limits<Timestamp>::max();
  const auto found = insides_.find(name);
  const Inside inside = found == insides_.end() ? Inside() : found->second;
  std::string key;
  if (inside.key_value != nullptr) {
    const auto all = inside.key_value->range(std::nullopt, std::nullopt, true);
    // A key-value store has the same keys in the changelog.
    for (; all->valid(); all->next()) visit(all->key(), all->value());
  } else if (inside.window != nullptr) {
    const auto all = inside.window->fetch_range(std::nullopt, std::nullopt, 0, kEndOfTime, true);
    for (; all->valid(); all->next()) {
      key.clear();
      formats::append_window_key(key, all->key(), all->window_start(), all->seq());
      visit(key, all->value());
    }
  } else if (inside.session != nullptr) {
    const auto all = inside.session->find_sessions_in_range(std::nullopt, std::nullopt, {}, true);
    for (; all->valid(); all->next()) {
      key.clear();
      formats::append_session_key(key, all->key(), all->session());
      visit(key, all->value());
    }
  } else {
    throw TopologyException("there is no key-value, window or session store '" + name + "' to dump");
  }
}

void StoreBinding::flush() {
  // Flushing one cache forwards changes, and a node may put them into the cache of a store that was already flushed.
  // Then all are flushed again, so that the commit includes every change. Without a circle, one pass per store is
  // enough. Stores that feed each other in a circle would never end: their last changes wait for the next commit.
  for (std::size_t pass = 0; pass <= in_order_.size(); ++pass) {
    const std::uint64_t before = contexts_->kept();
    for (StateStore* store : in_order_) store->flush();
    if (contexts_->kept() == before) return;
  }
}

void StoreBinding::write_present(const StorePosition& position, std::span<const RestoreRecord> records) {
  const auto written = std::ranges::find(written_, &position, [](const auto& entry) { return entry.first; });
  const auto& plan = *std::ranges::find(
      stores_.plans(), position.store(), [](const StorePlan& one) -> const auto& { return one.builder->name(); });
  const StoreSpec& spec = definition_of(*plan.builder).spec;
  detail::write_present(stores_.bytes(spec.name), spec.format, logged_headers_.at(spec.name), records,
                        [&](std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) {
                          output_.send_changelog(written->second, key, value, timestamp, headers);
                        });
}

std::function<bool()> StoreBinding::rewrite(const StorePosition& position, Timestamp time) {
  // Records per call. Small enough for the rounds of the thread, which must poll in time.
  constexpr std::size_t kRecordsPerStep = 10'000;
  const auto written = std::ranges::find(written_, &position, [](const auto& entry) { return entry.first; });
  const auto& plan = *std::ranges::find(
      stores_.plans(), position.store(), [](const StorePlan& one) -> const auto& { return one.builder->name(); });
  const StoreSpec& spec = definition_of(*plan.builder).spec;
  const auto entries =
      std::make_shared<ChangelogRewrite>(stores_.bytes(spec.name), spec.format, logged_headers_.at(spec.name), time);
  return [this, entries, token = written->second] {
    return entries->write(kRecordsPerStep,
                          [&](std::string_view key, BytesView value, Timestamp timestamp, const Headers* headers) {
                            output_.send_changelog(token, key, value, timestamp, headers);
                          });
  };
}

std::vector<std::string> StoreBinding::logged() const {
  std::vector<std::string> stores;
  for (std::size_t i = 0; i < written_.size(); ++i) {
    const StorePosition& position = *written_[i].first;
    if (writers_[i]->used() || position.next_offset() > Offset()) stores.push_back(position.store());
  }
  return stores;
}

void StoreBinding::commit(const std::map<TopicPartition, OffsetAndMetadata>& processed,
                          std::span<const TopicPartition> inputs) {
  for (const auto& [position, token] : written_) {
    // Only what the broker has confirmed counts. After a crash, the restore goes on from this offset.
    if (const auto confirmed = output_.confirmed_position(token)) stores_.advance(*position, *confirmed);
  }
  for (StorePosition& position : stores_.positions()) {
    // Nobody writes a changelog for these stores. Their data are as new as the processed input.
    if (!position.from_source()) continue;
    const auto found = processed.find(position.changelog());
    if (found == processed.end()) continue;
    stores_.advance(position, {Offset(found->second.offset), decode_commit_metadata(found->second.metadata).proof});
  }
  for (const TopicPartition& input : inputs) {
    if (const auto found = processed.find(input); found != processed.end()) stores_.processed(input, found->second);
  }
  stores_.commit();
}

void StoreBinding::group_has(const std::map<TopicPartition, OffsetAndMetadata>& committed,
                             std::span<const TopicPartition> inputs) {
  for (const TopicPartition& input : inputs) {
    if (const auto found = committed.find(input); found != committed.end()) {
      stores_.group_has(input, found->second.offset);
    }
  }
}

}  // namespace millrace::detail
