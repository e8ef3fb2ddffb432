// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "broker/embedded/accumulator.hpp"
#include "broker/embedded/core.hpp"
#include "millrace/broker/producer.hpp"

namespace millrace::detail::embedded {

class EmbeddedProducer final : public Producer {
 public:
  EmbeddedProducer(std::shared_ptr<Core> core, const ProducerSettings& settings, DeliveryListener* listener);
  /// Writes what is queued; aborts an open transaction.
  ~EmbeddedProducer() override;

  void send(const ProducerRecord& record, std::uint64_t token) override;
  bool try_send(const ProducerRecord& record, std::uint64_t token) override;
  void poll() override { serve_reports(); }
  void flush(Millis timeout) override;
  [[nodiscard]] std::int32_t partitions_for(std::string_view topic) override;

  void init_transactions(Millis timeout) override;
  void begin_transaction() override;
  void send_offsets_to_transaction(const std::map<TopicPartition, OffsetAndMetadata>& offsets,
                                   const ConsumerGroupMetadata& group) override;
  void commit_transaction(Millis timeout) override;
  void abort_transaction(Millis timeout) override;

 private:
  void serve_reports();
  void require_transaction(const char* doing) const;

  std::shared_ptr<Core> core_;
  const ProducerSettings settings_;
  DeliveryListener* const listener_;
  std::shared_ptr<Accumulator> accumulator_;
  std::shared_ptr<TransactionalProducer> transactional_;  ///< after init_transactions()
  bool in_transaction_ = false;
  bool serving_ = false;
};

}  // namespace millrace::detail::embedded
