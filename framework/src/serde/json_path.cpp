// SPDX-License-Identifier: Apache-2.0
#include "millrace/serde/detail/json_io.hpp"

namespace millrace::detail {

// For error texts only, for example `orders[2].price`. Recording a step is cheap; the text is made on failure.
std::string JsonPath::text() const {
  std::string text;
  for (std::size_t i = 0; i < depth_; ++i) {
    // A step without index and name is a level that was entered and has no current member yet.
    const Step& step = steps_[i];
    if (step.index >= 0) {
      text.append("[").append(std::to_string(step.index)).append("]");
    } else if (step.name != nullptr) {
      if (!text.empty()) text += '.';
      text.append(step.name, step.name_size);
    }
  }
  return text;
}

}  // namespace millrace::detail
