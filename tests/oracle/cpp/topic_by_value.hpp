// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/processor/record.hpp"

/// Chooses a topic per record. The class name appears in descriptions, so the class has the name of its Java
/// counterpart and is in no namespace.
struct TopicByValue {
  std::string operator()(const std::string&, const std::string& value, const millrace::RecordMetadata&) const {
    return value;
  }
};
