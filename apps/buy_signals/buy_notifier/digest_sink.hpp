// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "buy_signals/buy_notifier/digest_plan.hpp"
#include "millrace/connect/sink.hpp"
#include "millrace/smtp/smtp_client.hpp"

namespace buy_signals {

/// Settings of a DigestSink.
struct DigestSettings {
  millrace::connect::SmtpSettings smtp = {};
  std::string from = {};
  std::vector<std::string> to = {};
  millrace::Millis interval{600'000};    ///< how long the first buy of a mail may wait for others; 0: it does not wait
  std::size_t max_buys = 1000;           ///< a mail with so many buys does not wait any longer
  std::filesystem::path directory = {};  ///< for the plans, see DigestPlan
};

/// Mails buys, many in one mail: a digest has the records of one partition that came within an interval.
///
/// Delivery  The offsets of a digest are committed after the mail server has accepted the mail. A plan on the disk says
///           which records are in a mail that is about to be sent. After a crash, the same mail is sent, with the same
///           Message-ID, or nothing if it was sent. A mail comes twice only if the process or the connection dies
///           between the server's acceptance and the next write of the plan, or if the plan is lost; it has the same
///           Message-ID in the first of these cases.
class DigestSink final : public millrace::connect::Sink {
 public:
  /// Throws ConfigException for unusable settings.
  explicit DigestSink(DigestSettings settings);

  [[nodiscard]] std::string name() const override { return client_.name(); }
  void open(millrace::connect::SinkContext& context) override;
  [[nodiscard]] std::map<millrace::TopicPartition, std::int64_t> positions(
      const std::vector<millrace::TopicPartition>& partitions) override;
  void put(std::span<const millrace::ConsumerRecord> records) override;
  [[nodiscard]] std::map<millrace::TopicPartition, std::int64_t> committable(
      std::map<millrace::TopicPartition, std::int64_t> offsets) override;
  void revoked(const std::vector<millrace::TopicPartition>& partitions, bool lost) override;
  void close() noexcept override { held_.clear(); }

 private:
  using SteadyClock = std::chrono::steady_clock;

  /// A buy that waits for its mail. Has a copy of the record, for the case that the mail is refused.
  struct Buy {
    std::int64_t offset;
    millrace::Timestamp timestamp;
    std::string id;
    std::optional<std::string> key;
    std::string value;
  };
  /// What is held back of a partition.
  struct Held {
    const std::string* topic = nullptr;  ///< the consumer's name of the topic
    std::vector<Buy> buys;
    std::size_t bytes = 0;
    DigestHash hash;
    SteadyClock::time_point since;  ///< of the first buy
    /// Of the mails whose offsets may be uncommitted, in their order. One batch of records may be several mails.
    std::vector<DigestPlan> plans;
    bool revoked = false;  ///< another process has the partition, and will mail these
  };

  void take(const millrace::ConsumerRecord& record);
  [[nodiscard]] bool is_due(const Held& held) const;
  [[nodiscard]] static bool is_planned(const Held& held);
  void send(const millrace::TopicPartition& partition, Held& held);
  void deliver(const millrace::TopicPartition& partition, Held& held, DigestPlan& plan);
  void reject_all(const millrace::TopicPartition& partition, const Held& held, const std::string& reason);
  void write(const millrace::TopicPartition& partition, Held& held, const DigestPlan& plan);
  static void start_again(Held& held);

  DigestSettings settings_;
  millrace::connect::SmtpClient client_;
  DigestPlans plans_;
  millrace::connect::SinkContext* context_ = nullptr;
  std::map<millrace::TopicPartition, Held> held_;
};

/// The text of a mail: one buy a line, `AAPL   2012-01-03`, in the order of the records.
struct DigestText {
  std::string subject;
  std::string text;
};
[[nodiscard]] DigestText digest_text(const std::vector<std::string>& ids);

}  // namespace buy_signals
