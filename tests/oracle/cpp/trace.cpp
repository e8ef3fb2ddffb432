// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/trace.hpp"

#include <algorithm>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "millrace/testing/topology_test_driver.hpp"

namespace oracle {
namespace {

using millrace::Bytes;
using millrace::Headers;
using millrace::TestOutputTopic;
using millrace::Timestamp;

constexpr Timestamp kWallClockStart = 1'000'000;

std::string hex(const std::optional<std::string>& bytes) {
  if (!bytes) return "null";
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string digits;
  for (const char c : *bytes) {
    const auto byte = static_cast<unsigned char>(c);
    digits += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return digits;
}

std::optional<std::string> from_hex(const std::string& digits) {
  if (digits == "null") return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

std::optional<std::string> plain(const std::optional<Bytes>& bytes) {
  if (!bytes) return std::nullopt;
  return bytes->str();
}

std::string show(millrace::Timestamp timestamp) {
  return timestamp == millrace::kNoTimestamp ? "null" : std::to_string(timestamp);
}

std::string show(const Headers& headers) {
  std::string text;
  for (const auto& header : headers) {
    text += (text.empty() ? " hdr: " : " ") + header.key + '=' + hex(header.value);
  }
  return text;
}

Headers parse_headers(const std::string& text) {
  Headers headers;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    headers.add(word.substr(0, equals), from_hex(word.substr(equals + 1)));
  }
  return headers;
}

N word_or_null(const std::string& word) { return word == "null" ? N() : N(word); }

class Tracer {
 public:
  Tracer(const millrace::Topology& topology, bool cached)
      : driver_(topology,
                millrace::StreamsConfig()
                    .set("application.id", "app")
                    .set("statestore.cache.max.bytes", cached ? "10485760" : "0"),
                kWallClockStart) {}

  std::string step(const std::string& input) {
    static const std::regex kRecord(R"((\S+) ([^=]*)=(.*) @(-?\d+)(?: hdr:((?: \S+=\S*)+))?)");
    static const std::regex kAdvance(R"(advanceWallClockTime (\d+))");
    std::smatch part;
    if (std::regex_match(input, part, kAdvance)) {
      driver_.advance_wall_clock_time(Millis(std::stoll(part[1])));
    } else if (std::regex_match(input, part, kRecord)) {
      driver_.create_input_topic<N, N>(part[1]).pipe_input(word_or_null(part[2]), word_or_null(part[3]),
                                                           std::stoll(part[4]), parse_headers(part[5]));
    } else {
      throw std::invalid_argument("not an input: " + input);
    }
    return produced();
  }

 private:
  std::string produced() {
    std::string text;
    for (const auto& topic : driver_.produced_topic_names()) {
      auto output = driver_.create_output_topic<std::optional<Bytes>, std::optional<Bytes>>(topic);
      for (const auto& record : output.read_records_to_list()) {
        text += "  " + topic + "  k=" + hex(plain(record.key)) + " v=" + hex(plain(record.value)) +
                " ts=" + show(record.timestamp) + show(record.headers) + '\n';
      }
    }
    return text;
  }

  millrace::TopologyTestDriver driver_;
};

}  // namespace

std::string run_trace(const millrace::Topology& topology, const std::string& golden, bool cached) {
  Tracer tracer(topology, cached);
  std::string trace;
  std::istringstream lines(golden);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("> ")) trace += line + '\n' + tracer.step(line.substr(2));
  }
  return trace;
}

std::string in_promised_order(const std::string& trace) {
  static const std::regex kUnordered(R"(  app-(KTABLE-SUPPRESS-STATE-STORE-\d+|sup-store)-changelog  .*)");
  std::string result;
  std::vector<std::string> unordered;
  const auto release = [&] {
    std::sort(unordered.begin(), unordered.end());
    for (const std::string& line : unordered) result += line + '\n';
    unordered.clear();
  };
  std::istringstream lines(trace);
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, kUnordered)) {
      unordered.push_back(std::move(line));
      continue;
    }
    release();
    result += line + '\n';
  }
  release();
  return result;
}

}  // namespace oracle
