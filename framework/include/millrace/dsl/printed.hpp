// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <utility>

namespace millrace {

namespace detail {
/// Writes lines to a file or to standard output. Shared by all tasks; thread-safe.
class LineWriter;
[[nodiscard]] std::shared_ptr<LineWriter> write_lines_to_stdout();
[[nodiscard]] std::shared_ptr<LineWriter> write_lines_to_file(const std::string& path);
}  // namespace detail

/// Where and how `print` writes records. (Kafka Streams: `Printed`.) A line has the form `[label]: key, value`. The
/// default label is the name of the node before.
class Printed {
 public:
  /// Writes to standard output.
  [[nodiscard]] static Printed to_sys_out() { return Printed(detail::write_lines_to_stdout()); }
  /// Writes to a file. The file is created, or emptied, by this call. Each line is flushed. Throws TopologyException if
  /// the file cannot be opened.
  [[nodiscard]] static Printed to_file(const std::string& path) { return Printed(detail::write_lines_to_file(path)); }

  /// Sets the label, the text in brackets.
  [[nodiscard]] Printed with_label(std::string label) const {
    auto copy = *this;
    copy.label_ = std::move(label);
    return copy;
  }
  /// Gives the node a name.
  [[nodiscard]] Printed with_name(std::string name) const {
    auto copy = *this;
    copy.name_ = std::move(name);
    return copy;
  }

  [[nodiscard]] const std::string& label() const { return label_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  // --- used by the engine only
  [[nodiscard]] const std::shared_ptr<detail::LineWriter>& writer() const { return writer_; }

 private:
  explicit Printed(std::shared_ptr<detail::LineWriter> writer) : writer_(std::move(writer)) {}

  std::shared_ptr<detail::LineWriter> writer_;
  std::string label_;
  std::string name_;
};

}  // namespace millrace
