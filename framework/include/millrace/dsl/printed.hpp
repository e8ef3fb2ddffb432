#pragma once

#include <memory>
#include <string>
#include <utility>

namespace millrace {

namespace detail {
class LineWriter;
[[nodiscard]] std::shared_ptr<LineWriter> write_lines_to_stdout();
[[nodiscard]] std::shared_ptr<LineWriter> write_lines_to_file(const std::string& path);
}  // namespace detail

/// Where and how `print` shows records. (Kafka Streams: `Printed`.)
/// A line is `[label]: key, value`; the label is the name of the node before unless given.
class Printed {
 public:
  /// On standard output.
  [[nodiscard]] static Printed to_sys_out() { return Printed(detail::write_lines_to_stdout()); }
  /// The file is created, or emptied, at once; each line is flushed. Throws TopologyException if that fails.
  [[nodiscard]] static Printed to_file(const std::string& path) { return Printed(detail::write_lines_to_file(path)); }

  /// What stands in the brackets.
  [[nodiscard]] Printed with_label(std::string label) const {
    auto copy = *this;
    copy.label_ = std::move(label);
    return copy;
  }
  /// Names the node.
  [[nodiscard]] Printed with_name(std::string name) const {
    auto copy = *this;
    copy.name_ = std::move(name);
    return copy;
  }

  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  // --- for the engine's own use
  [[nodiscard]] const std::shared_ptr<detail::LineWriter>& writer() const { return writer_; }

 private:
  explicit Printed(std::shared_ptr<detail::LineWriter> writer) : writer_(std::move(writer)) {}

  std::shared_ptr<detail::LineWriter> writer_;
  std::string label_;
  std::string name_;
};

}  // namespace millrace
