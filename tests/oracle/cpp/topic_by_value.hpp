#pragma once

#include <string>

#include "millrace/processor/record.hpp"

/// A choice of topic per record. Its name shows in descriptions, so it has the name of its Java twin, in no namespace.
struct TopicByValue {
  std::string operator()(const std::string&, const std::string& value, const millrace::RecordMetadata&) const {
    return value;
  }
};
