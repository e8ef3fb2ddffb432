// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/runner.hpp"

#include <algorithm>
#include <ostream>

#include "millrace/testing/topology_test_driver.hpp"
#include "oracle/cpp/program/program.hpp"
#include "oracle/cpp/program/store_dump.hpp"

namespace oracle::program {
namespace {

using millrace::Bytes;
using millrace::Headers;
using millrace::Millis;
using millrace::TopologyTestDriver;
using Line = nlohmann::ordered_json;

std::optional<std::string> text_or_null(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<std::string>();
}

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

/// `key` and `value` are texts; `key_hex` and `value_hex` are any bytes.
std::optional<std::string> field(const Json& input, const std::string& name) {
  if (input.contains(name + "_hex")) return from_hex(input.at(name + "_hex"));
  return input.contains(name) ? text_or_null(input.at(name)) : std::nullopt;
}

Headers headers_of(const Json& input) {
  Headers headers;
  for (const auto& header : input.value("headers", Json::array())) {
    const auto value = text_or_null(header.at(1));
    headers.add(header.at(0), value ? std::optional(from_hex(*value)) : std::nullopt);
  }
  return headers;
}

std::optional<std::string> plain(const std::optional<Bytes>& bytes) {
  if (!bytes) return std::nullopt;
  return bytes->str();
}

void write_records(TopologyTestDriver& driver, std::size_t index, std::ostream& out) {
  for (const auto& topic : driver.produced_topic_names()) {
    auto output = driver.create_output_topic<std::optional<Bytes>, std::optional<Bytes>>(topic);
    for (const auto& record : output.read_records_to_list()) {
      Line line{{"input", index},
                {"topic", topic},
                {"key", hex(plain(record.key))},
                {"value", hex(plain(record.value))},
                {"timestamp", record.timestamp == millrace::kNoTimestamp ? Line() : Line(record.timestamp)}};
      if (!record.headers.empty()) {
        line["headers"] = Line::array();
        for (const auto& header : record.headers)
          line["headers"].push_back(Line::array({header.key, hex(header.value)}));
      }
      out << line.dump() << '\n';
    }
  }
}

millrace::StreamsConfig config_of(const Json& program) {
  auto config = millrace::StreamsConfig().set("application.id", "app").set("statestore.cache.max.bytes", "0");
  const auto settings = program.value("config", Json::object());
  for (const auto& [key, value] : settings.items()) {
    // Java has no handler class that continues after production errors.
    const bool goes_on = key == "production.exception.handler" && value == "continue";
    config.set(key, goes_on ? "log-and-continue" : value.get<std::string>());
  }
  return config;
}

void run(const Json& description, std::ostream& out) {
  const auto config = config_of(description);
  const auto topology =
      description.value("by_hand", false) ? topology_by_hand(description) : Program().build(description, config);
  out << Line{{"describe", topology.describe()}}.dump() << '\n';
  TopologyTestDriver driver(topology, config, description.value("wall_clock", std::int64_t(1'000'000)));
  std::size_t index = 0;
  for (const auto& input : description.value("input", Json::array())) {
    if (input.contains("advance_wall_clock")) {
      driver.advance_wall_clock_time(Millis(input.at("advance_wall_clock").get<std::int64_t>()));
    } else {
      driver.create_input_topic<std::string, std::string>(input.at("topic"))
          .pipe_raw(field(input, "key"), field(input, "value"), input.value("timestamp", std::int64_t(0)),
                    headers_of(input));
    }
    write_records(driver, index++, out);
  }
  write_stores(driver, out);
}

}  // namespace

void answer(const std::string& program, std::ostream& out) {
  try {
    run(Json::parse(program), out);
  } catch (const std::exception& error) {
    out << Line{{"error", "C++"}, {"message", error.what()}}.dump(-1, ' ', false, Line::error_handler_t::replace)
        << '\n';
  }
}

}  // namespace oracle::program
