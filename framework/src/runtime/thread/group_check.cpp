// SPDX-License-Identifier: Apache-2.0
#include "runtime/thread/group_check.hpp"

#include <algorithm>
#include <utility>

#include "millrace/common/logging.hpp"
#include "runtime/thread/client_configs.hpp"

namespace millrace::detail {
namespace {

using Severity = BrokerException::Severity;

constexpr Millis kLookTimeout{5'000};
/// The pause after a description that has failed or did not contain this member.
constexpr Millis kRetry{100};
/// How long tasks wait before the first warning. Members that learn about a topic at different times have equal plans
/// again within this time. Then nobody has to act.
constexpr Millis kWarnAfter{3'000};
/// The time between two warnings.
constexpr Millis kWarnAgain{60'000};
/// How often one commit describes the group.
constexpr int kDescriptionsPerCommit = 3;

}  // namespace

GroupCheck::GroupCheck(ThreadEnvironment& environment, std::string group_id, std::string thread_name)
    : environment_(environment),
      group_id_(std::move(group_id)),
      thread_name_(std::move(thread_name)),
      give_up_after_(environment.task.config.get_millis("millrace.connect.timeout.ms")) {}

void GroupCheck::use(const Consumer& consumer, std::uint64_t plan) {
  consumer_ = &consumer;
  ownership_ = Ownership(plan);
  seen_plans_.clear();
  next_look_ = 0;
}

void GroupCheck::rebalanced() {
  ownership_.rebalanced();
  next_look_ = 0;
}

void GroupCheck::forget() {
  ownership_.forget();
  next_look_ = 0;
}

void GroupCheck::look(bool waiting, bool running) {
  const bool unsettled =
      ownership_.group() == Ownership::Group::unknown || ownership_.group() == Ownership::Group::stranger || waiting;
  const Timestamp now = environment_.task.clock.monotonic_ms();
  if (unsettled && now >= next_look_) {
    next_look_ = now + kRetry.count();
    try {
      describe(kLookTimeout);
      unanswered_since_.reset();
    } catch (const BrokerException& error) {
      if (error.severity() != Severity::retriable) throw;
      if (!unanswered_since_) unanswered_since_ = now;
      unanswered(error);
    }
    if (ownership_.group() != Ownership::Group::unknown) next_look_ = now + kLookAgain.count();
  }
  if (running && ownership_.group() == Ownership::Group::stranger) throw StrangersInGroup(strangers());
}

void GroupCheck::describe(Millis timeout) {
  // The membership is read first. Then the description is of this generation or a later one.
  const ConsumerGroupMetadata at = consumer_->group_metadata();
  if (at.member_id().empty()) return;
  ownership_.described(at, environment_.admin.describe_group(group_id_, timeout));
  follow_other_plans();
}

void GroupCheck::unanswered(const BrokerException& error) {
  const Timestamp now = environment_.task.clock.monotonic_ms();
  if (now - *unanswered_since_ >= give_up_after_.count()) throw BrokerException(error);
  if (now - *unanswered_since_ < kWarnAfter.count()) return;
  if (unanswered_warned_at_ && now - *unanswered_warned_at_ < kWarnAgain.count()) return;
  unanswered_warned_at_ = now;
  log(LogLevel::warn, thread_name_ + ": tasks wait until the coordinator describes the group: " + error.what());
}

/// Asks for a new plan if a member shows a plan that was not seen before. Perhaps this member knows an older state of
/// the topics.
void GroupCheck::follow_other_plans() {
  if (ownership_.group() != Ownership::Group::mixed) return;
  bool is_new = false;
  for (const MemberDescription& member : ownership_.others()) {
    if (const auto plan = plan_of(member.client_id)) is_new = seen_plans_.insert(*plan).second || is_new;
  }
  if (is_new) environment_.replan();
}

ConsumerGroupMetadata GroupCheck::for_commit(const Patience& patience) {
  using Commit = Ownership::Commit;
  Commit answer = ownership_.commit(consumer_->group_metadata());
  // The group may rebalance again meanwhile.
  for (int tries = 0; answer == Commit::describe && tries < kDescriptionsPerCommit; ++tries) {
    patience([&](Millis slice) { describe(slice); });
    answer = ownership_.commit(consumer_->group_metadata());
  }
  switch (answer) {
    case Commit::go: return ownership_.verified();
    case Commit::refused: throw StrangersInGroup(strangers());
    case Commit::outside:
      throw BrokerException(Severity::fenced, "group '" + group_id_ +
                                                  "' has removed this member since its tasks started: the tasks start "
                                                  "again from the last commit");
    case Commit::describe: break;
  }
  throw BrokerException(Severity::retriable,
                        "group '" + group_id_ + "' is rebalancing: offsets will be committed after the rebalance");
}

bool GroupCheck::unmoved() const { return ownership_.commit(consumer_->group_metadata()) == Ownership::Commit::go; }

void GroupCheck::report(const std::vector<std::string>& waiting) {
  const Timestamp now = environment_.task.clock.monotonic_ms();
  if (waiting.empty()) {
    waiting_since_.reset();
    return;
  }
  if (!waiting_since_) waiting_since_ = now;
  if (ownership_.others().empty()) return;
  const bool stranger = ownership_.group() == Ownership::Group::stranger;
  if (!stranger && now - *waiting_since_ < kWarnAfter.count()) return;
  if (warned_at_ && now - *warned_at_ < kWarnAgain.count()) return;
  warned_at_ = now;
  std::string tasks;
  for (const std::string& task : waiting) tasks += (tasks.empty() ? "" : ", ") + task;
  if (stranger) {
    log(LogLevel::error, thread_name_ + ": waiting with " + tasks + ": " + strangers());
    return;
  }
  log(LogLevel::warn,
      thread_name_ + ": waiting with " + tasks + ": other members of group '" + group_id_ +
          "' have another plan and may be processing the same partitions: " + others() +
          ". They run another version of the application, or know other topics or partitions. The wait "
          "ends when they have left the group or have the same plan: finish the rolling update, or stop "
          "the other version");
}

std::string GroupCheck::strangers() const {
  return "members of group '" + group_id_ +
         "' may process the same partitions as this member, because they do not follow Millrace's group protocol: " +
         others() +
         ". They run an earlier version of Millrace, Kafka Streams or another program. Nothing is processed here until "
         "they have left the group: finish the rolling update, stop them, or give them another group.id "
         "(application.id)";
}

std::string GroupCheck::others() const {
  std::string text;
  for (const MemberDescription& member : ownership_.others()) {
    text += (text.empty() ? "client '" : ", client '") + member.client_id + "' on " + member.host;
  }
  return text;
}

}  // namespace millrace::detail
