// SPDX-License-Identifier: Apache-2.0
#include "connect/source_writer.hpp"

#include "common/log_seldom.hpp"
#include "connect/dead_letters.hpp"

namespace millrace::connect::detail {

void WriterEnvironment::reject(const SourceRecord& record, const std::string& reason) const {
  metrics.rejected.add();
  std::string text = source + ": " + reason;
  if (record.key) text += "; key " + excerpt(record.key);
  if (record.value) text += "; value " + excerpt(record.value);
  text += dead_letter_topic.empty() ? "; skipped (--dead-letters TOPIC would keep it)"
                                    : "; written to the dead-letter topic '" + dead_letter_topic + "'";
  millrace::detail::log_seldom(LogLevel::warn, settings.id + " rejects " + reason.substr(0, 40), text);
}

SourceRecord WriterEnvironment::dead_letter(SourceRecord record, const std::string& reason) const {
  SourceRecord letter;
  letter.topic = dead_letter_topic;
  letter.headers = dead_letter_headers(record.headers, {.connector = settings.id,
                                                        .topic = topic_of(record),
                                                        .partition = record.partition,
                                                        .offset = std::nullopt,
                                                        .reason = reason});
  letter.key = std::move(record.key);
  letter.value = std::move(record.value);
  letter.timestamp = record.timestamp;
  letter.position = std::move(record.position);
  return letter;
}

}  // namespace millrace::connect::detail
