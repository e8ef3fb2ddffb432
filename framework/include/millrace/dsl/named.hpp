#pragma once

#include <string>
#include <utility>

namespace millrace {

/// A name for a node of the topology, in place of a generated one. (Kafka Streams: `Named`.)
class Named {
 public:
  Named() = default;
  [[nodiscard]] static Named as(std::string name) {
    Named named;
    named.name_ = std::move(name);
    return named;
  }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

}  // namespace millrace
