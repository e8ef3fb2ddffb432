// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "millrace/broker/broker.hpp"
#include "millrace/common/time.hpp"
#include "millrace/config/streams_config.hpp"
#include "millrace/processor/topology.hpp"

namespace millrace {

/// Where an application begins to read its input topics after a reset. Offsets outside of a partition are moved to its
/// first or next offset. (Kafka Streams: the options of `kafka-streams-application-reset`.)
class ResetPosition {
 public:
  /// The first offset of each partition. This is the default.
  [[nodiscard]] static ResetPosition earliest() { return ResetPosition(Earliest{}); }
  /// The end of each partition: records that exist now are not processed.
  [[nodiscard]] static ResetPosition latest() { return ResetPosition(Latest{}); }
  /// The same offset in each partition.
  [[nodiscard]] static ResetPosition offset(std::int64_t offset) { return ResetPosition(ToOffset{offset}); }
  /// The committed offset plus `by`, which may be negative. A partition without a committed offset counts from its
  /// first offset.
  [[nodiscard]] static ResetPosition shift_by(std::int64_t by) { return ResetPosition(ShiftBy{by}); }
  /// The first record with this timestamp or a later one, in ms since the epoch. The end of the partition if there is
  /// no such record.
  [[nodiscard]] static ResetPosition time(Timestamp time) { return ResetPosition(ToTime{time}); }
  /// As time(), for the present time minus `duration`.
  [[nodiscard]] static ResetPosition duration(Millis duration) { return ResetPosition(ByDuration{duration}); }
  /// An offset for each partition. Partitions that are not named keep their committed offset.
  [[nodiscard]] static ResetPosition offsets(std::map<TopicPartition, std::int64_t> offsets) {
    return ResetPosition(ToOffsets{std::move(offsets)});
  }

 private:
  friend class ApplicationReset;

  struct Earliest {};
  struct Latest {};
  struct ToOffset {
    std::int64_t offset;
  };
  struct ShiftBy {
    std::int64_t by;
  };
  struct ToTime {
    Timestamp time;
  };
  struct ByDuration {
    Millis duration;
  };
  struct ToOffsets {
    std::map<TopicPartition, std::int64_t> offsets;
  };
  using Kind = std::variant<Earliest, Latest, ToOffset, ShiftBy, ToTime, ByDuration, ToOffsets>;

  explicit ResetPosition(Kind kind) : kind_(std::move(kind)) {}

  Kind kind_;
};

/// What a reset changes.
struct ResetOptions {
  ResetPosition position = ResetPosition::earliest();
  /// The input topics whose offsets are reset. Empty: all input topics.
  std::vector<std::string> input_topics = {};
  /// The internal topics that are deleted. Empty: all internal topics of the topology. May also name
  /// ResetPlan::similar_topics.
  std::vector<std::string> internal_topics = {};
  /// The local state stays. Only for an application whose local state is on other machines too, where it is deleted by
  /// hand: state that stays makes the results of a new run wrong.
  bool keep_state = false;
  /// How long execute() waits until the group has no members. Members that have ended without leaving the group stay in
  /// it until session.timeout.ms has passed. 0: a group with members is refused at once.
  Millis wait_for_members{0};
};

/// The changes of a reset.
struct ResetPlan {
  /// A committed offset that changes.
  struct Seek {
    TopicPartition partition;
    std::optional<std::int64_t> from;  ///< the committed offset; nullopt: there is none
    std::int64_t to = 0;               ///< the new committed offset
  };
  std::vector<Seek> input;                  ///< of input topics
  std::vector<Seek> intermediate;           ///< of topics that the application reads and writes: to their end
  std::vector<std::string> deleted_topics;  ///< internal topics, sorted
  /// Topics that stay, although their names are like those of internal topics. They may belong to an earlier version of
  /// the topology, or to another application whose application.id begins with this one.
  std::vector<std::string> similar_topics;
  std::optional<std::filesystem::path> local_state;  ///< the directory whose content is deleted; nullopt: none
  std::vector<std::string> members;                  ///< `client.id (host)` of the present members of the group

  /// The plan as text, one line for each change.
  [[nodiscard]] std::string describe() const;
};

/// Resets an application, so that its next run processes the input again from the beginning: sets the committed offsets
/// of the input topics, moves intermediate topics to their end, deletes the internal topics (repartition topics and
/// changelogs), and deletes the local state of this machine. Output topics stay as they are. (Kafka Streams:
/// `kafka-streams-application-reset`, with `KafkaStreams#cleanUp`.)
///
///     ApplicationReset reset(topology, config, broker);
///     std::cout << reset.plan({}).describe();  // nothing is changed
///     reset.execute({});
///
/// Stop all instances before. Local state on other machines must be deleted there: run the reset there too, or delete
/// the directory `state.dir`/`application.id`.
///
/// Threads  one at a time
/// Errors   ConfigException for wrong options or topics. StreamsException if the group has members. LockException if
///          another process uses the local state. BrokerException from the broker. If execute() fails, some changes may
///          have been made; run it again.
class ApplicationReset {
 public:
  /// Sends nothing. Throws ConfigException.
  ApplicationReset(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker);

  /// The changes that execute() would make now. Changes nothing.
  [[nodiscard]] ResetPlan plan(const ResetOptions& options) const;
  /// Makes the changes, and returns them.
  ResetPlan execute(const ResetOptions& options) const;

 private:
  struct Topics;

  [[nodiscard]] Topics topics(Admin& admin, const ResetOptions& options) const;
  [[nodiscard]] std::int64_t target(const ResetPosition& position, const TopicPartition& partition,
                                    std::optional<std::int64_t> committed, Admin& admin, Consumer& consumer) const;
  [[nodiscard]] std::unique_ptr<Consumer> make_consumer() const;
  [[nodiscard]] std::vector<std::string> members(Admin& admin) const;
  [[nodiscard]] ResetPlan plan(const ResetOptions& options, Admin& admin, Consumer& consumer) const;
  void delete_local_state() const;

  Topology topology_;
  StreamsConfig config_;
  std::shared_ptr<Broker> broker_;
  std::string application_id_;
  Millis timeout_;
};

}  // namespace millrace
