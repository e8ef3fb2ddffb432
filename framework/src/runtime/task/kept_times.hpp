// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/task/commit_metadata.hpp"

namespace millrace::detail {

/// The times (ms since the epoch) that the operators and stores of one task have seen. They are committed with the
/// offsets. So a record that is late before a restart is late after it, too. (Kafka Streams: `ProcessorMetadata`, which
/// contains only the times of EmitStrategy::on_window_close.)
///
/// An operator keeps its time in a member variable and changes it freely. This class has a pointer to the variable and
/// reads it at each commit. Owned by the task; used by the task's thread.
class KeptTimes {
 public:
  /// Takes over the times that were committed with one of the task's partitions. If several partitions have a time for
  /// one name, the latest counts. Call this before keep().
  void resume(const ProcessorMetadata& committed);

  /// Adds `time` to all later commits, under `name`. Sets `time` to the committed time if that is later. `time` must
  /// outlive the object. `owner`: the name of the operator or store, for messages. Empty: Shares::left_out does not
  /// name it.
  ///
  /// If the name is in use already, a number is added to it. This happens for the nodes of a cogroup, which share a
  /// store.
  void keep(std::string name, std::string owner, Timestamp& time);

  /// Whether any time is later than in the last commit.
  [[nodiscard]] bool changed() const;

  /// The times of the next commit, divided so that each share fits into the metadata of one partition. One share: every
  /// partition gets the same times. Several shares: each goes with a different partition.
  struct Shares {
    std::vector<ProcessorMetadata> shares;
    std::vector<std::string> left_out;  ///< the owners of the times that have no room
  };
  /// `partitions`: the number of input partitions. The result has at least one share and at most `partitions` shares.
  [[nodiscard]] Shares shares(std::size_t partitions) const;

  /// To be called after a commit: the present times are committed.
  void committed();

 private:
  struct Kept {
    std::string name;
    std::string owner;
    const Timestamp* time;
    Timestamp committed;
  };

  std::vector<Kept> kept_;
  /// All times of the last commit. Times without an operator are committed again, because another version of the
  /// application may have the operator.
  ProcessorMetadata committed_;
};

}  // namespace millrace::detail
