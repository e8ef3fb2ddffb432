// SPDX-License-Identifier: Apache-2.0
#include "millrace/common/errors.hpp"
#include "millrace/processor/processor.hpp"

namespace millrace {

RecordContext detail::record_context(const TaskContext& task) {
  const CurrentRecord& record = task.current_record();
  const RecordOrigin& origin = *record.origin;
  return {{origin.topic == nullptr ? std::string() : *origin.topic, origin.partition, origin.offset},
          record.timestamp,
          *record.headers,
          origin.raw_key,
          origin.raw_value};
}

// These functions are here and not in the template, so that each user file does not compile the messages.
void ProcessingContext::refuse_store_type(const std::string& store, const std::string& interface) const {
  throw TopologyException("processor '" + node_.name() + "' asks for state store '" + store +
                          "' by a type that differs from the one it was built with: use get_state_store<" + interface +
                          ">(\"" + store + "\")");
}

// Negative timestamps would be refused by the broker later, when nobody knows the processor any more.
void ProcessingContext::refuse_time(Timestamp timestamp) const {
  throw StreamsException("processor '" + node_.name() + "' forwards a record with the negative timestamp " +
                         std::to_string(timestamp) + ": give it the time of the record it comes from, or " +
                         "current_stream_time_ms()");
}

}  // namespace millrace
