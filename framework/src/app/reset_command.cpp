// SPDX-License-Identifier: Apache-2.0
#include "app/reset_command.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cmath>
#include <fstream>
#include <iostream>
#include <regex>

#include "millrace/common/errors.hpp"

namespace millrace {
namespace {

constexpr auto kGroup = "Reset options";
/// Members that have ended without leaving the group stay in it until session.timeout.ms (45 s by default) has passed.
constexpr Millis kForceWait = 60s;

/// REQUIRES: `text` has only digits, and fits.
std::int64_t number(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Timestamp parse_datetime(std::string_view text) {
  static const std::regex kForm(
      R"((\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{3}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)");
  const std::string whole(text);
  std::smatch part;
  const auto wrong = [&] {
    return ConfigException("--to-datetime " + whole + ": write YYYY-MM-DDTHH:mm:SS.sss, for example " +
                           "2026-11-30T10:15:00.000; the time is UTC unless Z or an offset such as +01:00 follows");
  };
  if (!std::regex_match(whole, part, kForm)) throw wrong();
  const auto at = [&](std::size_t group) { return part[group].matched ? number(part[group].str()) : 0; };
  using namespace std::chrono;
  const year_month_day date{year(static_cast<int>(at(1))), month(static_cast<unsigned>(at(2))),
                            day(static_cast<unsigned>(at(3)))};
  if (!date.ok() || at(4) > 23 || at(5) > 59 || at(6) > 59) throw wrong();
  auto time = sys_days(date).time_since_epoch() + hours(at(4)) + minutes(at(5)) + seconds(at(6)) + Millis(at(7));
  const std::string zone = part[8].str();
  if (zone.size() > 1) {
    const auto minutes_of = zone.size() > 3 ? number(zone.substr(zone.size() - 2)) : 0;
    const Millis ahead = hours(number(zone.substr(1, 2))) + minutes(minutes_of);
    zone[0] == '+' ? time -= ahead : time += ahead;
  }
  return duration_cast<Millis>(time).count();
}

Millis parse_duration(std::string_view text) {
  static const std::regex kForm(
      R"(P(?=.)(?:(\d{1,9})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})(?:\.(\d{1,3})\d*)?S)?)?)");
  const std::string whole(text);
  std::smatch part;
  if (!std::regex_match(whole, part, kForm)) {
    throw ConfigException("--by-duration " + whole + ": write PnDTnHnMnS, for example P1DT2H30M or PT30S");
  }
  const auto at = [&](std::size_t group) { return part[group].matched ? number(part[group].str()) : 0; };
  using namespace std::chrono;
  const std::string fraction = part[5].matched ? (part[5].str() + "00").substr(0, 3) : "0";
  return hours(24 * at(1) + at(2)) + minutes(at(3)) + seconds(at(4)) + Millis(number(fraction));
}

std::map<TopicPartition, std::int64_t> read_offsets(const std::string& file) {
  static const std::regex kForm(R"(\s*([^,\s]+)\s*,\s*(\d{1,9})\s*,\s*(\d{1,18})\s*)");
  std::ifstream in(file);
  if (!in) throw ConfigException("--from-file " + file + ": the file cannot be read");
  std::map<TopicPartition, std::int64_t> offsets;
  std::string line;
  for (int at = 1; std::getline(in, line); ++at) {
    std::smatch part;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    if (!std::regex_match(line, part, kForm)) {
      throw ConfigException("--from-file " + file + ", line " + std::to_string(at) + ": write TOPIC,PARTITION,OFFSET");
    }
    offsets[{part[1].str(), static_cast<std::int32_t>(number(part[2].str()))}] = number(part[3].str());
  }
  if (offsets.empty()) throw ConfigException("--from-file " + file + ": the file has no line TOPIC,PARTITION,OFFSET");
  return offsets;
}

ResetCommand::ResetCommand(CLI::App& cli) {
  auto* const reset =
      cli.add_flag("--reset", reset_,
                   "prints what a reset of the application would change, and exits; see --execute. A reset sets the "
                   "input topics back to their beginning, and deletes the internal topics and the local state")
          ->group(kGroup);
  const auto flag = [&](const char* name, bool& value, const char* help) {
    return cli.add_flag(name, value, help)->needs(reset)->group(kGroup);
  };
  const auto option = [&](const char* name, auto& value, const char* type, const char* help) {
    return cli.add_option(name, value, help)->needs(reset)->type_name(type)->allow_extra_args(false)->group(kGroup);
  };
  flag("--execute", execute_, "makes the changes; without it, nothing is changed");
  flag("--force", force_,
       "waits up to a minute until members of the group that have ended without leaving it are removed");
  flag("--keep-state", keep_state_, "does not delete the local state");
  option("--input-topics", input_topics_, "LIST", "resets only these input topics, separated by commas")
      ->delimiter(',');
  option("--internal-topics", internal_topics_, "LIST", "deletes only these internal topics, separated by commas")
      ->delimiter(',');
  std::vector<CLI::Option*> positions{
      flag("--to-earliest", to_earliest_, "input: the first offset (default)"),
      flag("--to-latest", to_latest_, "input: the end"),
      option("--to-offset", to_offset_, "N", "input: this offset in each partition"),
      option("--shift-by", shift_by_, "N", "input: the committed offset plus N, which may be negative"),
      option("--to-datetime", to_datetime_, "TIME", "input: the first record from YYYY-MM-DDTHH:mm:SS.sss on (UTC)"),
      option("--by-duration", by_duration_, "PnDTnHnMnS", "input: the first record of the time before now"),
      option("--from-file", from_file_, "FILE", "input: the offsets of a file with lines TOPIC,PARTITION,OFFSET")};
  for (CLI::Option* one : positions) {
    for (CLI::Option* other : positions) {
      if (one != other) one->excludes(other);
    }
  }
}

ResetPosition ResetCommand::position() const {
  if (to_latest_) return ResetPosition::latest();
  if (to_offset_) return ResetPosition::offset(*to_offset_);
  if (shift_by_) return ResetPosition::shift_by(*shift_by_);
  if (to_datetime_) return ResetPosition::time(parse_datetime(*to_datetime_));
  if (by_duration_) return ResetPosition::duration(parse_duration(*by_duration_));
  if (from_file_) return ResetPosition::offsets(read_offsets(*from_file_));
  return ResetPosition::earliest();
}

void ResetCommand::run(const Topology& topology, const StreamsConfig& config,
                       const std::shared_ptr<Broker>& broker) const {
  const ResetOptions options{.position = position(),
                             .input_topics = input_topics_,
                             .internal_topics = internal_topics_,
                             .keep_state = keep_state_,
                             .wait_for_members = force_ ? kForceWait : Millis(0)};
  const ApplicationReset reset(topology, config, broker);
  if (execute_) {
    std::cout << reset.execute(options).describe();
    std::cout << "The application is reset. Delete its local state on other machines, too.\n";
    return;
  }
  std::cout << reset.plan(options).describe();
  std::cout << "Nothing has been changed. To make these changes, add --execute.\n";
}

}  // namespace millrace
