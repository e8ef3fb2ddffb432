// SPDX-License-Identifier: Apache-2.0
#include "chaos/scenario.hpp"

#include <algorithm>
#include <set>

namespace millrace::chaos {
namespace {

ByKey by_key(const std::vector<Row>& rows) {
  ByKey all;
  for (const Row& row : rows) all[row.key].push_back(row);
  return all;
}

ByKey sorted(ByKey rows) {
  for (auto& [key, of_key] : rows) std::ranges::sort(of_key, {}, &Row::str);
  return rows;
}

S text(const std::vector<Row>& rows) {
  S all;
  for (const Row& row : rows) all += (all.empty() ? "" : " ") + row.str();
  return all.empty() ? "nothing" : all;
}

/// The last value of each key that has one.
std::map<S, S> last_values(const std::vector<Row>& rows) {
  std::map<S, S> last;
  for (const Row& row : rows) {
    if (row.value) {
      last[row.key] = *row.value;
    } else {
      last.erase(row.key);
    }
  }
  return last;
}

}  // namespace

void Comparison::same_rows(const S& topic) { compare(topic, by_key(found(topic)), by_key(expected(topic))); }

void Comparison::same_rows_in_any_order(const S& topic) {
  compare(topic, sorted(by_key(found(topic))), sorted(by_key(expected(topic))));
}

void Comparison::compare(const S& topic, ByKey rows, const ByKey& wanted) {
  for (const auto& [key, expected_rows] : wanted) {
    const auto& found_rows = rows[key];
    require(found_rows == expected_rows,
            [&] { return topic + " has " + text(found_rows) + " instead of " + text(expected_rows); });
    rows.erase(key);
  }
  for (const auto& [key, others] : rows) {
    require(false, [&] { return topic + " has " + text(others) + " instead of nothing"; });
  }
}

void Comparison::same_last_values(const S& topic) {
  auto last = last_values(found(topic));
  for (const auto& [key, value] : last_values(expected(topic))) {
    const auto present = last.find(key);
    require(present != last.end() && present->second == value, [&] {
      return topic + ": the last value of " + key + " is " + (present == last.end() ? "missing" : present->second) +
             " instead of " + value;
    });
    if (present != last.end()) last.erase(present);
  }
  for (const auto& [key, value] : last) {
    require(false, [&] { return topic + ": the last value of " + key + " is " + value + " instead of none"; });
  }
}

void Comparison::all_rows(const S& topic) {
  std::set<std::pair<S, std::optional<S>>> rows;
  for (const Row& row : found(topic)) rows.emplace(row.key, row.value);
  for (const Row& row : expected(topic)) {
    require(rows.contains({row.key, row.value}), [&] { return topic + " lacks " + row.str(); });
  }
}

void Comparison::no_other_rows(const S& topic) {
  std::set<std::pair<S, std::optional<S>>> rows;
  for (const Row& row : expected(topic)) rows.emplace(row.key, row.value);
  for (const Row& row : found(topic)) {
    require(rows.contains({row.key, row.value}),
            [&] { return topic + " has " + row.str() + ", which is not expected"; });
  }
}

void Comparison::last_values_at_least(const S& topic) {
  const auto last = last_values(found(topic));
  for (const auto& [key, value] : last_values(expected(topic))) {
    const auto present = last.find(key);
    require(present != last.end() && std::stoll(present->second) >= std::stoll(value), [&] {
      return topic + ": the last value of " + key + " is " + (present == last.end() ? "missing" : present->second) +
             " instead of " + value + " or more";
    });
  }
}

void Input::write(const S& topic, const S& key, const std::optional<S>& value, Timestamp timestamp,
                  std::optional<std::int32_t> partition) {
  const S name = names_.in(topic);
  ProducerRecord record;
  record.topic = name;
  record.partition = partition;
  record.key = key;
  if (value) record.value = *value;
  record.timestamp = timestamp;
  producer_->send(record);
  ++written_;
}

}  // namespace millrace::chaos
