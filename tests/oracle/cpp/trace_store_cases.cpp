// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include "oracle/cpp/join.hpp"

// Twins of TraceStoreCases.java.

namespace oracle {
namespace {

using millrace::Consumed;
using millrace::JoinWindows;
using millrace::Materialized;
using millrace::Processor;
using millrace::ProcessorContext;
using millrace::Record;
using millrace::StoreMedium;
using millrace::Stores;
using millrace::StreamJoined;
using millrace::Timestamp;
using millrace::WindowStore;

/// Puts every record into the window store but those of key `do`, whose value is a query.
struct WindowCommands : Processor<N, N> {
  void init(ProcessorContext<N, N>& context) override {
    Processor::init(context);
    store_ = &context.get_state_store<WindowStore<S, S>>("ws");
  }

  void process(Record<N, N> record) override {
    if (record.key != "do") {
      store_->put(*record.key, record.value, record.timestamp);
      return;
    }
    std::istringstream command(*record.value);
    S what;
    command >> what;
    std::vector<S> found;
    if (what == "get") {
      const auto key = word(command);
      found.push_back(text(store_->fetch(key, time(command))));
    } else if (what == "fetch" || what == "backward") {
      const auto key = word(command);
      const auto from = time(command);
      const auto to = time(command);
      for (const auto& entry : what == "fetch" ? store_->fetch(key, from, to) : store_->backward_fetch(key, from, to)) {
        found.push_back(std::to_string(entry.key) + ":" + entry.value);
      }
    } else if (what == "keys") {
      const auto first = word(command);
      const auto last = word(command);
      const auto from = time(command);
      list(found, store_->fetch(first, last, from, time(command)));
    } else {
      list(found, store_->all());
    }
    S joined;
    for (const auto& entry : found) joined += (joined.empty() ? "" : " ") + entry;
    context().forward(record.with_value(N(joined)));
  }

 private:
  static S word(std::istringstream& command) {
    S result;
    command >> result;
    return result;
  }
  static Timestamp time(std::istringstream& command) { return std::stoll(word(command)); }

  static void list(std::vector<S>& found, millrace::KeyValueIterator<millrace::Windowed<S>, S> entries) {
    for (const auto& entry : entries) {
      found.push_back(entry.key.key + "@" + std::to_string(entry.key.window.start) + "-" +
                      std::to_string(entry.key.window.end) + ":" + entry.value);
    }
    std::ranges::sort(found);
  }

  WindowStore<S, S>* store_ = nullptr;
};

auto window_store(bool duplicates, StoreMedium medium) {
  return [=](StreamsBuilder& b) {
    b.add_state_store(Stores::window_store<S, S>("ws", Millis(60'000), Millis(1000), duplicates, medium));
    b.stream<N, N>("in").process([] { return std::make_unique<WindowCommands>(); }, {"ws"}).to("out");
  };
}

auto simple(Join kind, const JoinWindows& windows, const StreamJoined& joined = StreamJoined::as("sj")) {
  return [=](StreamsBuilder& b) {
    const auto l = b.stream<N, N>("l");
    join(kind, l, b.stream<N, N>("r"), windows, joined).to("out");
  };
}

void joins(Cases& cases, Join kind, const S& prefix) {
  const auto within = JoinWindows::of_time_difference_and_grace(Millis(10), Millis(5));
  cases[prefix + "legacy-windows"] = simple(kind, JoinWindows::of(Millis(10)));
  cases[prefix + "legacy-windows-with-grace"] = simple(kind, JoinWindows::of(Millis(10)).grace(Millis(20)));
  cases[prefix + "in-memory"] = simple(kind, within, StreamJoined::as("sj").with_store_type(StoreMedium::in_memory));
}

}  // namespace

Cases trace_store_cases() {
  Cases cases;
  cases["window-store"] = window_store(false, StoreMedium::rocksdb);
  cases["window-store-in-memory"] = window_store(false, StoreMedium::in_memory);
  cases["window-store-duplicates"] = window_store(true, StoreMedium::rocksdb);
  cases["window-store-duplicates-in-memory"] = window_store(true, StoreMedium::in_memory);
  joins(cases, Join::inner, "inner-join-");
  joins(cases, Join::left, "left-join-");
  joins(cases, Join::outer, "outer-join-");
  cases["timestamp-extractor"] = [](StreamsBuilder& b) {
    const auto from_value = [](const Record<N, N>& record, Timestamp) { return Timestamp(std::stoll(*record.value)); };
    b.stream<N, N>("in", Consumed().with_timestamp_extractor(from_value))
        .group_by_key()
        .count(Materialized::as("c"))
        .to_stream()
        .to("out");
  };
  cases["timestamp-extractor-with-partition-time"] = [](StreamsBuilder& b) {
    const auto step = [](const Record<N, N>&, Timestamp partition_time) { return partition_time + 10; };
    b.stream<N, N>("in", Consumed().with_timestamp_extractor(step)).to("out");
  };
  return cases;
}

}  // namespace oracle
