// SPDX-License-Identifier: Apache-2.0
// The application that kill9 kills: a join of two streams, a windowed count behind a repartition topic, and a join with
// a table. Each input record leads to results that do not depend on the order of the inputs, so kill9 can compute them.
#include <chrono>
#include <optional>
#include <string>

#include "chaos/processes/workload.hpp"
#include "millrace/app/app.hpp"
#include "millrace/millrace.hpp"

namespace {

using namespace millrace;
using namespace millrace::kill9;
using namespace std::chrono_literals;

Topology build_topology() {
  StreamsBuilder builder;
  const auto trades = builder.stream<std::string, std::string>(kTrades);
  const auto fees = builder.stream<std::string, std::string>(kFees);
  trades
      .join(
          fees, [](const std::string& account, const std::string& fee) { return account + " " + fee; },
          JoinWindows::of_time_difference_and_grace(5s, 60s))
      .to(kJoined);

  const auto by_account =
      trades.map([](const std::string& id, const std::string& account) {
              return KeyValue{account, id};
            })
          .repartition(Repartitioned::as("by-account"));
  by_account.group_by_key()
      .windowed_by(TimeWindows::of_size_and_grace(std::chrono::milliseconds(kWindowMs), 1h))
      .count(Materialized::as("counts"))
      .to_stream()
      .map([](const Windowed<std::string>& account, const std::optional<std::int64_t>& count) {
        return KeyValue{account.key + " " + std::to_string(account.window.start), std::to_string(count.value())};
      })
      .to(kCounts);

  const auto accounts = builder.table<std::string, std::string>(kAccounts, Materialized::as("accounts"));
  by_account.join(accounts, [](const std::string& id, const std::string& name) { return id + " " + name; }).to(kNamed);
  return builder.build();
}

}  // namespace

int main(int argc, char** argv) { return run_app(argc, argv, build_topology()); }
