// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "chaos/faulty_broker.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

// What the simulation needs to know about a topology. Each file in topologies/ has one scenario. Simulation in run.hpp
// runs it with crashes, faults and rebalances.
namespace millrace::chaos {

using S = std::string;

/// Partitions of each topic.
constexpr std::int32_t kPartitions = 3;

/// The names of the topics in one run of a scenario. The run under faults and the run without faults have the same
/// input topics, but different output topics.
struct Names {
  S inputs;   ///< prefix of the input topics
  S outputs;  ///< prefix of the output topics

  [[nodiscard]] S in(const S& topic) const { return inputs + "-" + topic; }
  [[nodiscard]] S out(const S& topic) const { return outputs + "-" + topic; }
};

/// Called by functions of the topology. Each call takes some simulated time.
using Work = std::function<void()>;

/// A record of an output topic.
struct Row {
  S key;
  std::optional<S> value;
  Timestamp timestamp = 0;

  bool operator==(const Row&) const = default;
  [[nodiscard]] S str() const { return key + "=" + value.value_or("null") + "@" + std::to_string(timestamp); }
};

/// The rows of each output topic, in the order of each partition.
using Results = std::map<S, std::vector<Row>>;

using ByKey = std::map<S, std::vector<Row>>;

/// What a run promises about its results.
struct Promise {
  bool exactly_once = true;
  bool caches = false;  ///< only the last of several updates of a key may be forwarded
  /// At least once: the tasks always find their local state. Then stores count each input record once.
  bool keeps_state = false;
  /// A record is written before all records that are sent after it. If not, the changelog may have the deletion of a
  /// result that was lost in a crash. Under at least once, another owner then never writes the result.
  bool in_order = false;
  bool finished = false;  ///< the scenario has written its last records
};

/// Compares the results of a run with those of a run without faults. Collects the differences as text.
class Comparison {
 public:
  Comparison(const Results& found, const Results& expected, const Promise& promise)
      : promise(promise), found_(found), expected_(expected) {}

  const Promise& promise;

  [[nodiscard]] const std::vector<Row>& found(const S& topic) const { return found_.at(topic); }
  [[nodiscard]] const std::vector<Row>& expected(const S& topic) const { return expected_.at(topic); }
  [[nodiscard]] const std::vector<S>& differences() const { return differences_; }

  void require(bool holds, const std::function<S()>& difference) {
    if (!holds) differences_.push_back(difference());
  }

  /// The rows of each key are the expected ones, one for one and in order. Only under exactly once.
  void same_rows(const S& topic);
  /// The rows of each key are the expected ones, in any order.
  void same_rows_in_any_order(const S& topic);
  /// The last value of each key is the expected one. Null is the same as no row.
  void same_last_values(const S& topic);
  /// Each expected row comes at least once.
  void all_rows(const S& topic);
  /// No row comes that is not expected.
  void no_other_rows(const S& topic);
  /// Values are numbers. The last value of each expected key is the expected one, or a larger one. Other keys may have
  /// rows: results of work that was repeated in another way, for example with other changes in one commit.
  void last_values_at_least(const S& topic);

 private:
  void compare(const S& topic, ByKey rows, const ByKey& wanted);

  const Results& found_;
  const Results& expected_;
  std::vector<S> differences_;
};

/// Writes input records.
class Input {
 public:
  Input(Broker& broker, Names names) : names_(std::move(names)), producer_(broker.make_producer({})) {}

  /// `partition`: unset means that the key decides.
  void write(const S& topic, const S& key, const std::optional<S>& value, Timestamp timestamp,
             std::optional<std::int32_t> partition = std::nullopt);
  void flush() { producer_->flush(Millis(0)); }
  [[nodiscard]] std::uint64_t written() const { return written_; }

 private:
  Names names_;
  std::unique_ptr<Producer> producer_;
  std::uint64_t written_ = 0;
};

/// For the output of counts.
[[nodiscard]] inline std::optional<S> as_text(const std::optional<std::int64_t>& count) {
  return count ? std::optional<S>(std::to_string(*count)) : std::nullopt;
}

/// A topology, its input, and what must come out. One object per run.
class Scenario {
 public:
  virtual ~Scenario() = default;

  [[nodiscard]] virtual std::vector<S> inputs() const = 0;
  [[nodiscard]] virtual std::vector<S> outputs() const = 0;
  virtual void configure(StreamsConfig& /*config*/, const Names& /*names*/) const {}
  virtual void build(StreamsBuilder& builder, const Names& names, const Work& work) const = 0;
  /// The name of a store. A later version of the application reads a further topic next to this store.
  [[nodiscard]] virtual S store() const = 0;

  /// Writes what must exist before the first process starts.
  virtual void prepare(Input& /*input*/) {}
  /// Writes one record, or a few that belong together. `number` counts the calls.
  virtual void write(Input& input, Chance& chance, int number) = 0;
  /// Writes the last records, after all processes were restarted.
  virtual void finish(Input& /*input*/) {}

  /// Whether the results are checked against those of a run without faults. If not, expected() is empty.
  [[nodiscard]] virtual bool has_calm_run() const { return true; }
  virtual void compare(Comparison& comparison) const = 0;
};

}  // namespace millrace::chaos
