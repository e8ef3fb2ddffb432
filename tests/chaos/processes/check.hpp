// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "chaos/processes/workload.hpp"
#include "millrace/broker/broker.hpp"

namespace millrace::kill9 {

/// Reads the output as read_committed, on a thread of its own, and notes what comes out: everything must come once.
class Check {
 public:
  Check(Broker& broker, const Workload& workload);
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;
  ~Check();

  /// How many results have come, of all kinds.
  [[nodiscard]] std::uint64_t seen() const { return seen_; }
  /// What is wrong until now: results that came twice or that no input explains. Not what is missing.
  [[nodiscard]] std::vector<std::string> wrong() const;
  /// Why reading has ended early; empty: it has not.
  [[nodiscard]] std::string failure() const;

  /// Ends reading. Adds what is missing, of `events` events, and returns everything that is wrong.
  [[nodiscard]] std::vector<std::string> finish(std::uint64_t events);
  /// Each of the three output topics has as many records: one per event.
  [[nodiscard]] static std::uint64_t expected(std::uint64_t events) { return 3 * events; }

 private:
  /// The results of one kind, by the number of the event.
  struct Once {
    std::vector<bool> seen;
    bool note(std::uint64_t number);
  };

  void read(Consumer& consumer);
  void note(const ConsumerRecord& record);
  void note_joined(std::string_view key, std::string_view value, const std::string& place);
  void note_named(std::string_view key, std::string_view value, const std::string& place);
  void note_count(std::string_view key, std::string_view value, const std::string& place);
  void complain(std::string text);
  void add_missing(const Once& once, const std::string& what, std::uint64_t events);

  const Workload& workload_;
  std::unique_ptr<Consumer> consumer_;
  Once joined_;
  Once named_;
  std::unordered_map<std::string, Once> counts_;  ///< by "account window-start"; number n - 1 is count n
  std::atomic<std::uint64_t> seen_{0};
  std::atomic<bool> ending_{false};
  mutable std::mutex mutex_;
  std::vector<std::string> wrong_;  ///< the first ones, under mutex_
  std::uint64_t wrong_count_ = 0;   ///< under mutex_
  std::string failure_;             ///< under mutex_
  std::thread thread_;
};

}  // namespace millrace::kill9
