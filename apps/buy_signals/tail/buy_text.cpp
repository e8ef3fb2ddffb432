// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/tail/buy_text.hpp"

#include <fmt/format.h>

#include "buy_signals/model.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace buy_signals {

std::optional<std::string> buy_text(const millrace::ConsumerRecord& record) {
  try {
    if (!record.value) throw millrace::SerializationException("the value is null");
    const auto id = millrace::Serde<Buy>().deserialize(*record.value).id;
    const auto at = id.rfind('@');
    if (at == std::string::npos) return "BUY  " + id;
    return fmt::format("BUY  {:<5} {}", id.substr(0, at), id.substr(at + 1));
  } catch (const millrace::SerializationException& error) {
    millrace::log(millrace::LogLevel::warn, fmt::format("{}-{} offset {} is not a buy and was skipped: {}",
                                                        *record.topic, record.partition, record.offset, error.what()));
    return std::nullopt;
  }
}

}  // namespace buy_signals
