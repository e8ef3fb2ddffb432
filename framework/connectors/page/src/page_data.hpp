// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "millrace/broker/consumer.hpp"
#include "millrace/page/page.hpp"
#include "panel_data.hpp"

namespace millrace::page::detail {

/// An event for all viewers.
struct Event {
  std::uint64_t number = 0;
  std::string json;
};

/// Everything that the page shows. Threads: thread-safe. The reader's thread calls add() and take_event(), the server's
/// thread the others.
class PageData {
 public:
  /// `source`: the broker's address, for people. Throws ConfigException for a wrong spec.
  PageData(const PageSpec& spec, const PageOptions& options, std::string source);

  /// The topics that the page needs, sorted.
  [[nodiscard]] std::vector<std::string> topics() const;

  /// Takes records. What is no JSON object, or lacks the fields of a panel, is counted and logged.
  void add(const std::vector<ConsumerRecord>& records);

  /// What the next event says about the reader. `loading`: it reads what was there before the page began. `missing`:
  /// topics that do not exist. `trouble`: what does not work; empty: all is well.
  void set_state(bool loading, std::vector<std::string> missing, std::string trouble);

  /// What has changed since the last call. Unset: nothing, and `always` is not set.
  [[nodiscard]] std::optional<Event> take_event(bool always);

  /// The page as JSON: its title, its panels.
  [[nodiscard]] std::string description() const;
  /// A panel's snapshot as JSON; unset: there is no such panel.
  [[nodiscard]] std::optional<std::string> snapshot(std::size_t panel, const Query& query) const;
  /// Names this object among all that ever served this page.
  [[nodiscard]] const std::string& epoch() const { return epoch_; }
  /// The number of the last event.
  [[nodiscard]] std::uint64_t last_event() const;

 private:
  struct Reader {
    PanelData* panel;
    std::size_t number;  ///< of the topic in the panel
  };
  struct Topic {
    std::string name;
    std::vector<Reader> readers = {};
    std::uint64_t records = 0;
    std::uint64_t skipped = 0;   ///< records that a panel could not use
    std::uint64_t reported = 0;  ///< of `skipped`, those before the last warning
    std::int64_t next_report = 0;
    std::size_t behind = 0;  ///< records of this topic that follow in the batch
  };

  void add(Topic& topic, const ConsumerRecord& record);
  void skipped(Topic& topic, const ConsumerRecord& record, const std::string& why);
  void append_topics(std::string& json) const;

  mutable std::mutex mutex_;
  PageSpec spec_;
  std::string source_, epoch_;
  std::vector<std::unique_ptr<PanelData>> panels_;
  std::map<std::string, Topic, std::less<>> topics_;
  simdjson::dom::parser parser_;
  std::string buffer_;  ///< the record in hand, with the room that simdjson wants behind it
  bool loading_ = true;
  std::vector<std::string> missing_;
  std::string trouble_;
  bool changed_ = true;
  std::uint64_t last_event_ = 0;
};

}  // namespace millrace::page::detail
