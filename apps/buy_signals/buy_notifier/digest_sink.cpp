// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/buy_notifier/digest_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "buy_signals/model.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"
#include "millrace/serde/serde.hpp"

namespace buy_signals {
namespace {

using millrace::ConfigException;
using millrace::ConsumerRecord;
using millrace::LogLevel;
using millrace::TopicPartition;

/// A mail with so many bytes of records does not wait any longer.
constexpr std::size_t kMaxBytes = 1U << 20U;
/// Longer ids are no ids of observations.
constexpr std::size_t kLongestId = 200;
constexpr std::size_t kSymbolsInSubject = 5;
/// More mails than one batch of records can be, unless the batch is unusually large.
constexpr std::size_t kMostPlans = 500;
/// How long the records of a planned mail may take to come from the broker.
constexpr std::chrono::seconds kPatience{60};

/// The symbol and the day of an id such as `AAPL@2012-01-03`. A symbol may contain an @.
std::pair<std::string, std::string> parts_of(const std::string& id) {
  const auto at = id.rfind('@');
  if (at == std::string::npos) return {id, ""};
  return {id.substr(0, at), id.substr(at + 1)};
}

/// A topic's name as a part of a Message-ID. All characters that Kafka permits are permitted there, but dots must not
/// follow each other.
std::string id_part(std::string text) {
  std::ranges::replace(text, '.', '_');
  return text;
}

}  // namespace

DigestText digest_text(const std::vector<std::string>& ids) {
  DigestText out;
  std::set<std::string> symbols;
  std::size_t width = 0;
  for (const auto& id : ids) {
    auto symbol = parts_of(id).first;
    width = std::max(width, symbol.size());
    symbols.insert(std::move(symbol));
  }
  out.subject = fmt::format("{} {}: ", ids.size(), ids.size() == 1 ? "buy" : "buys");
  std::size_t shown = 0;
  for (const auto& symbol : symbols) {
    if (shown == kSymbolsInSubject) {
      out.subject += fmt::format(" and {} more", symbols.size() - shown);
      break;
    }
    out.subject += (shown++ == 0 ? "" : ", ") + symbol;
  }
  out.text = "Buy signals:\n\n";
  for (const auto& id : ids) {
    const auto [symbol, day] = parts_of(id);
    out.text += fmt::format("  {:<{}}  {}\n", symbol, width, day);
  }
  return out;
}

DigestSink::DigestSink(DigestSettings settings)
    : settings_(std::move(settings)), client_(settings_.smtp), plans_(settings_.directory) {
  millrace::connect::check_mail_address(settings_.from);
  if (settings_.to.empty()) throw ConfigException("give the recipients of the mails: --mail-to A,B");
  for (const auto& address : settings_.to) millrace::connect::check_mail_address(address);
  settings_.max_buys = std::max<std::size_t>(settings_.max_buys, 1);
}

void DigestSink::open(millrace::connect::SinkContext& context) { context_ = &context; }

std::map<TopicPartition, std::int64_t> DigestSink::positions(const std::vector<TopicPartition>& partitions) {
  // Their records come from the committed offset on, also those that this process held back earlier.
  for (const auto& partition : partitions) held_.erase(partition);
  return {};
}

void DigestSink::put(std::span<const ConsumerRecord> records) {
  for (const auto& record : records) take(record);
  for (auto& [partition, held] : held_) {
    if (is_due(held)) send(partition, held);
  }
}

void DigestSink::take(const ConsumerRecord& record) {
  if (!record.value) {
    context_->reject(record, "the record has no value");
    return;
  }
  Buy buy{record.offset, record.timestamp, {}, millrace::owned(record.key), std::string(*record.value)};
  try {
    buy.id = millrace::Serde<buy_signals::Buy>().deserialize(*record.value).id;
  } catch (const millrace::SerializationException& error) {
    context_->reject(record, fmt::format("the record is no buy: {}", error.what()));
    return;
  }
  if (buy.id.empty() || buy.id.size() > kLongestId ||
      std::ranges::any_of(buy.id, [](unsigned char c) { return std::iscntrl(c) != 0; })) {
    context_->reject(record, "A_ID is empty, longer than 200 bytes, or has control characters");
    return;
  }
  const TopicPartition partition{*record.topic, record.partition};
  auto& held = held_[partition];
  if (held.topic == nullptr) {
    held.topic = record.topic;
    held.plans = plans_.read(partition);
  }
  if (held.buys.empty()) held.since = SteadyClock::now();
  held.hash.add(buy.offset, buy.timestamp, buy.id);
  held.bytes += buy.id.size() + buy.value.size() + (buy.key ? buy.key->size() : 0);
  held.buys.push_back(std::move(buy));
  // A mail must end where it ended before a restart, so more records of this batch must wait for the next one.
  const auto ends_here = std::ranges::any_of(held.plans, [&](const auto& plan) {
    return plan.first == held.buys.front().offset && plan.last == held.buys.back().offset &&
           plan.hash == held.hash.text();
  });
  const bool full = held.buys.size() >= settings_.max_buys || held.bytes >= kMaxBytes;
  if (ends_here || (full && !is_planned(held))) send(partition, held);
}

bool DigestSink::is_planned(const Held& held) {
  return std::ranges::any_of(held.plans, [&](const auto& plan) {
    return plan.first == held.buys.front().offset && held.buys.back().offset < plan.last;
  });
}

bool DigestSink::is_due(const Held& held) const {
  if (held.buys.empty() || held.revoked) return false;
  // The rest of a mail that was planned before a restart is on its way. If it does not come, the topic has lost it.
  const auto wait = is_planned(held) ? settings_.interval + kPatience : settings_.interval;
  return SteadyClock::now() - held.since >= wait;
}

void DigestSink::send(const TopicPartition& partition, Held& held) {
  DigestPlan plan{held.buys.front().offset, held.buys.back().offset, held.hash.text(), false, {}};
  const auto known = std::ranges::find_if(held.plans, [&](const auto& other) {
    return other.first == plan.first && other.last == plan.last && other.hash == plan.hash;
  });
  if (known != held.plans.end()) {
    plan = *known;
  } else {
    write(partition, held, plan);
  }
  if (plan.sent) {
    millrace::log(LogLevel::info, fmt::format("the mail about {} {} to {} was sent before the restart", partition.str(),
                                              plan.first, plan.last));
  } else {
    deliver(partition, held, plan);
    plan.sent = true;
    write(partition, held, plan);
  }
  start_again(held);
}

void DigestSink::write(const TopicPartition& partition, Held& held, const DigestPlan& plan) {
  // A later mail with the same beginning takes the place of this one: the topic was made anew.
  std::erase_if(held.plans, [&](const auto& other) { return other.first == plan.first; });
  held.plans.push_back(plan);
  if (held.plans.size() > kMostPlans) held.plans.erase(held.plans.begin());
  plans_.write(partition, held.plans);
}

void DigestSink::deliver(const TopicPartition& partition, Held& held, DigestPlan& plan) {
  std::vector<std::string> ids;
  ids.reserve(held.buys.size());
  for (const auto& buy : held.buys) ids.push_back(buy.id);
  auto [subject, text] = digest_text(ids);
  std::vector<std::string> open;
  for (const auto& recipient : settings_.to) {
    if (std::ranges::find(plan.done, recipient) == plan.done.end()) open.push_back(recipient);
  }
  if (open.empty()) return;
  const millrace::connect::Mail mail{
      .from = settings_.from,
      .to = open,
      .subject = std::move(subject),
      .text = std::move(text),
      .message_id = fmt::format("{}.{}.{}-{}.{}@{}", id_part(partition.topic), partition.partition, plan.first,
                                plan.last, plan.hash, settings_.from.substr(settings_.from.find('@') + 1)),
      .date = millrace::Clock::system().now()};
  millrace::connect::MailResult result;
  try {
    result = client_.send(mail, context_->stop());
  } catch (const millrace::connect::MailRefused& refused) {
    // With others done already, at least one recipient has the mail.
    if (plan.done.empty()) {
      reject_all(partition, held, refused.what());
    } else {
      millrace::log(LogLevel::warn, refused.what());
    }
    return;
  }
  for (const auto& answer : result.refused) {
    millrace::log(LogLevel::warn, fmt::format("{} refuses the recipient {}: {}; the others get the mail",
                                              client_.name(), answer.recipient, answer.text));
  }
  if (result.deferred.empty()) {
    millrace::log(LogLevel::info,
                  fmt::format("{} has a mail with {} buys, {}", client_.name(), ids.size(), mail.message_id));
    return;
  }
  for (const auto& recipient : open) {
    const auto waits = [&](const auto& answer) { return answer.recipient == recipient; };
    if (std::ranges::none_of(result.deferred, waits)) plan.done.push_back(recipient);
  }
  write(partition, held, plan);
  throw millrace::RetriableException(
      fmt::format("the recipient {} must wait: {}", result.deferred.front().recipient, result.deferred.front().text));
}

void DigestSink::reject_all(const TopicPartition& partition, const Held& held, const std::string& reason) {
  for (const auto& buy : held.buys) {
    ConsumerRecord record;
    record.topic = held.topic;
    record.partition = partition.partition;
    record.offset = buy.offset;
    record.timestamp = buy.timestamp;
    if (buy.key) record.key = *buy.key;
    record.value = buy.value;
    context_->reject(record, reason);
  }
}

void DigestSink::start_again(Held& held) {
  held.buys.clear();
  held.bytes = 0;
  held.hash = {};
}

std::map<TopicPartition, std::int64_t> DigestSink::committable(std::map<TopicPartition, std::int64_t> offsets) {
  for (auto& [partition, offset] : offsets) {
    const auto found = held_.find(partition);
    if (found != held_.end() && !found->second.buys.empty()) offset = found->second.buys.front().offset;
  }
  return offsets;
}

void DigestSink::revoked(const std::vector<TopicPartition>& partitions, bool /*lost*/) {
  // committable() must still know what is held back, so that it comes to the next owner.
  for (const auto& partition : partitions) {
    const auto found = held_.find(partition);
    if (found != held_.end()) found->second.revoked = true;
  }
}

}  // namespace buy_signals
