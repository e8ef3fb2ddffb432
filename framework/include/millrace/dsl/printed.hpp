#pragma once

#include <string>
#include <utility>

namespace millrace {

/// Where and how `print` shows records. (Kafka Streams: `Printed`.)
/// A line is `[label]: key, value`; the label is the name of the node before unless given.
class Printed {
 public:
  [[nodiscard]] static Printed to_sys_out() { return Printed({}); }
  /// Appends to a file; throws TopologyException if it cannot be opened when a task starts.
  [[nodiscard]] static Printed to_file(std::string path) { return Printed(std::move(path)); }

  [[nodiscard]] Printed with_label(std::string label) const {
    auto copy = *this;
    copy.label_ = std::move(label);
    return copy;
  }
  [[nodiscard]] Printed with_name(std::string name) const {
    auto copy = *this;
    copy.name_ = std::move(name);
    return copy;
  }

  [[nodiscard]] const std::string& path() const { return path_; }  ///< empty: standard output
  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  explicit Printed(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::string label_;
  std::string name_;
};

}  // namespace millrace
