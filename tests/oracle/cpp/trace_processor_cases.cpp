// SPDX-License-Identifier: Apache-2.0
#include "millrace/config/streams_config.hpp"
#include "oracle/cpp/trace.hpp"

// Twins of the processors of TraceCases.java and of TraceProcessors.java.

namespace oracle {
namespace {

using millrace::Cancellable;
using millrace::FixedKeyProcessor;
using millrace::FixedKeyRecord;
using millrace::Grouped;
using millrace::Headers;
using millrace::KeyValueStore;
using millrace::Materialized;
using millrace::Processor;
using millrace::ProcessorContext;
using millrace::PunctuationType;
using millrace::Record;
using millrace::StoreBuilder;
using millrace::Stores;
using millrace::Timestamp;

using Store = KeyValueStore<S, S>;
using Context = ProcessorContext<N, N>;

StoreBuilder store(const S& name) { return Stores::key_value_store<S, S>(name); }

/// Java's put: null deletes.
void put_or_delete(Store& store, const N& key, const N& value) {
  if (value) {
    store.put(*key, *value);
  } else {
    store.remove(*key);
  }
}

struct Remember : Processor<N, N> {
  void process(Record<N, N> record) override {
    auto& store = context().get_state_store<Store>("st");
    const N old = store.get(*record.key);
    put_or_delete(store, record.key, record.value);
    context().forward(record.with_value(N(text(old) + "->" + text(record.value))));
  }
};

struct RememberValues : FixedKeyProcessor<N, N> {
  void process(FixedKeyRecord<N, N> record) override {
    auto& store = context().get_state_store<Store>("st");
    const N old = store.get(*record.key());
    put_or_delete(store, record.key(), record.value());
    context().forward(record.with_value(N(text(old) + "->" + text(record.value()))));
  }
};

struct ListStore : Processor<N, N> {
  void process(Record<N, N> record) override {
    auto& store = context().get_state_store<Store>("st");
    const S& command = *record.value;
    if (record.key != "list") {
      store.put(*record.key, command);
    } else if (command == "all") {
      list(record, store.all());
    } else if (command == "reverse") {
      list(record, store.reverse_all());
    } else if (command.starts_with("delete ")) {
      context().forward(record.with_value(N("deleted " + text(store.remove(command.substr(7))))));
    } else if (command.starts_with("put-if-absent ")) {
      context().forward(record.with_value(N("was " + text(store.put_if_absent(command.substr(14), "new")))));
    } else {
      const auto dots = command.find("..");
      list(record, store.range(command.substr(0, dots), command.substr(dots + 2)));
    }
  }

 private:
  void list(const Record<N, N>& record, millrace::KeyValueIterator<S, S> entries) {
    for (const auto& entry : entries) context().forward(record.with_key(N(entry.key)).with_value(N(entry.value)));
  }
};

struct ShowContext : Processor<N, N> {
  void process(Record<N, N> record) override {
    const auto metadata = context().record_metadata().value();
    context().forward(record.with_value(
        N(metadata.topic + "/" + std::to_string(metadata.partition) + "/" + std::to_string(metadata.offset) + " " +
          context().app_configs().get_string("application.id") + " " + context().task_id().str() + " stream-time " +
          std::to_string(context().current_stream_time_ms()) + " wall-clock " +
          std::to_string(context().current_system_time_ms()))));
  }
};

struct ForwardVariants : Processor<N, N> {
  void process(Record<N, N> record) override {
    context().forward(record);
    context().forward(record.with_timestamp(record.timestamp + 1000).with_value(N("later")));
    context().forward({"fresh", "no headers", 7, {}});
    Headers headers = record.headers;
    headers.add("extra", "added");
    context().forward(record.with_headers(headers).with_key(N("re-keyed")));
  }
};

struct Punctuate : Processor<N, N> {
  void init(Context& context) override {
    Processor::init(context);
    context.schedule(Millis(10), PunctuationType::wall_clock_time, [&context](Timestamp time) {
      context.forward({"wall", std::to_string(time), time, {}});
    });
    context.schedule(Millis(10), PunctuationType::stream_time, [&context](Timestamp time) {
      context.forward({"stream", std::to_string(time), time, {}});
    });
  }
  void process(Record<N, N> record) override { context().forward(record); }
};

struct FlushEvery : Processor<N, N> {
  void init(Context& context) override {
    Processor::init(context);
    context.schedule(Millis(100), PunctuationType::stream_time, [&context](Timestamp time) {
      auto& store = context.get_state_store<Store>("st");
      for (const auto& entry : store.all()) {
        context.forward({entry.key, entry.value, time, {}});
        store.remove(entry.key);
      }
    });
  }
  void process(Record<N, N> record) override {
    put_or_delete(context().get_state_store<Store>("st"), record.key, record.value);
  }
};

struct PunctuateTwice : Processor<N, N> {
  void init(Context& context) override {
    Processor::init(context);
    start(PunctuationType::stream_time, "stream");
    start(PunctuationType::wall_clock_time, "wall");
  }
  void process(Record<N, N>) override {}

 private:
  void start(PunctuationType type, const S& key) {
    const auto schedule = std::make_shared<Cancellable>();
    *schedule = context().schedule(Millis(10), type, [this, key, schedule, left = 2](Timestamp time) mutable {
      context().forward({key, std::to_string(time), time, {}});
      if (--left == 0) schedule->cancel();
    });
  }
};

template <class P>
auto make() {
  return [] { return std::make_unique<P>(); };
}

}  // namespace

Cases trace_processor_cases() {
  Cases cases;
  cases["process-with-store"] = [](StreamsBuilder& b) {
    b.add_state_store(store("st"));
    b.stream<N, N>("in").process(make<Remember>(), {"st"}).to("out");
  };
  cases["process-values-with-store"] = [](StreamsBuilder& b) {
    b.add_state_store(store("st"));
    b.stream<N, N>("in").process_values(make<RememberValues>(), {"st"}).to("out");
  };
  cases["process-shared-store"] = [](StreamsBuilder& b) {
    b.add_state_store(store("st"));
    b.stream<N, N>("a").process(make<Remember>(), {"st"}).to("out-a");
    b.stream<N, N>("b").process(make<Remember>(), {"st"}).to("out-b");
  };
  cases["process-store-without-changelog"] = [](StreamsBuilder& b) {
    b.add_state_store(store("st").with_logging_disabled());
    b.stream<N, N>("in").process(make<Remember>(), {"st"}).to("out");
  };
  cases["process-range-and-delete"] = [](StreamsBuilder& b) {
    b.add_state_store(store("st"));
    b.stream<N, N>("in").process(make<ListStore>(), {"st"}).to("out");
  };
  cases["process-context"] = [](StreamsBuilder& b) { b.stream<N, N>("in").process(make<ShowContext>()).to("out"); };
  cases["process-forward-timestamps-and-headers"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").process(make<ForwardVariants>()).to("out");
  };
  cases["process-then-count"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in")
        .process(make<ForwardVariants>())
        .group_by_key(Grouped::as("g"))
        .count(Materialized::as("c"))
        .to_stream()
        .to("out");
  };
  cases["punctuation"] = [](StreamsBuilder& b) { b.stream<N, N>("in").process(make<Punctuate>()).to("out"); };
  cases["punctuation-of-a-store"] = [](StreamsBuilder& b) {
    b.add_state_store(store("st"));
    b.stream<N, N>("in").process(make<FlushEvery>(), {"st"}).to("out");
  };
  cases["punctuation-cancelled"] = [](StreamsBuilder& b) {
    b.stream<N, N>("in").process(make<PunctuateTwice>()).to("out");
  };
  return cases;
}

}  // namespace oracle
