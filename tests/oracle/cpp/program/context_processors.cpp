// SPDX-License-Identifier: Apache-2.0
#include "oracle/cpp/program/processors.hpp"
#include "oracle/cpp/program/store_dump.hpp"

// Processors without a store. They test the context, keys and headers.

namespace oracle::program {
namespace {

using millrace::FixedKeyRecord;
using millrace::Headers;
using millrace::Millis;
using millrace::PunctuationType;
using millrace::Record;
using millrace::Timestamp;

Key first(const Value& value) { return select_key(Function("first_of_value:1"), {}, dynamic(value)); }

/// The headers without "h", and with the argument as header "p".
Headers changed(Headers headers, const std::string& argument) {
  headers.remove("h");
  headers.add("p", argument);
  return headers;
}

Value shown(const Headers& headers) {
  std::string text;
  for (const auto& header : headers) {
    text += header.key + "=" + (header.value ? hex(header.value).get<std::string>() : "null") + " ";
  }
  return Dynamic(text);
}

std::string metadata(const millrace::ProcessingContext& context, Timestamp timestamp) {
  const auto from = context.record_metadata();
  return (from ? from->topic + "-" + std::to_string(from->partition) + "@" + std::to_string(from->offset) : "none") +
         " t=" + std::to_string(timestamp) + " s=" + std::to_string(context.current_stream_time_ms()) +
         " w=" + std::to_string(context.current_system_time_ms());
}

struct Simple final : Processor {
  explicit Simple(Function function) : f_(std::move(function)) {}
  void process(Record<Key, Value> record) override {
    if (f_.name == "change") {
      context().forward(record.with_key(first(record.value))
                            .with_value(shown(record.headers))
                            .with_headers(changed(record.headers, f_.argument)));
    } else {
      context().commit();
      context().forward(record.with_value(Value(metadata(context(), record.timestamp))));
    }
  }

 private:
  Function f_;
};

/// Punctuations of one interval that forward their number and what their context tells. At first there are two by
/// stream time and one by wall clock. A record cancels the oldest punctuation if its value contains x, adds one by
/// stream time for y, and adds one by wall clock for b. Punctuation number 1 adds another one when it first runs.
///
/// With `from_times`, each punctuation has its own start time: near time 0 or the first clock time at first, later near
/// the time of the record or of the clock.
class Punctuating final : public Processor {
 public:
  Punctuating(Millis interval, bool from_times) : interval_(interval), from_times_(from_times) {}

  void init(millrace::ProcessorContext<Key, Value>& context) override {
    Processor::init(context);
    start(PunctuationType::stream_time, 7);
    start(PunctuationType::stream_time, 110);
    start(PunctuationType::wall_clock_time, kClockAtFirst + 12);
  }
  void process(Record<Key, Value> record) override {
    const auto text = program::text(dynamic(record.value));
    if (contains(text, "x") && cancelled_ < running_.size()) running_[cancelled_++].cancel();
    if (contains(text, "y")) start(PunctuationType::stream_time, record.timestamp + 5);
    if (contains(text, "b")) start(PunctuationType::wall_clock_time, context().current_system_time_ms() - 3);
    context().forward(record);
  }

 private:
  static constexpr std::size_t kMost = 8;
  static constexpr Timestamp kClockAtFirst = 1'000'000;

  void start(PunctuationType type, Timestamp at) {
    if (running_.size() == kMost) return;
    const auto punctuate = [this, number = running_.size()](Timestamp time) { this->punctuate(number, time); };
    running_.push_back(from_times_ ? context().schedule(at, interval_, type, punctuate)
                                   : context().schedule(interval_, type, punctuate));
  }
  void punctuate(std::size_t number, Timestamp time) {
    if (number == 1 && running_.size() == 3) start(PunctuationType::stream_time, time + 3);
    context().forward({Dynamic("p" + std::to_string(number)),
                       Value(std::to_string(time) + " " + metadata(context(), time)),
                       time,
                       {}});
  }

  Millis interval_;
  bool from_times_;
  std::vector<millrace::Cancellable> running_;
  std::size_t cancelled_ = 0;
};

struct SimpleValue final : FixedKeyProcessor {
  explicit SimpleValue(Function function) : f_(std::move(function)) {}
  void process(FixedKeyRecord<Key, Value> record) override {
    if (f_.name == "headers") {
      context().forward(
          record.with_value(shown(record.headers())).with_headers(changed(record.headers(), f_.argument)));
    } else if (f_.name == "metadata") {
      context().forward(record.with_value(Value(metadata(context(), record.timestamp()))));
    } else if (length(text(dynamic(record.value()))) > 2) {
      context().forward(record, f_.argument);
    } else {
      context().forward(record);
    }
  }

 private:
  Function f_;
};

/// Forwards each record, and forwards the last record again at each punctuation.
class Last final : public FixedKeyProcessor {
 public:
  explicit Last(Millis interval) : interval_(interval) {}

  void init(millrace::FixedKeyProcessorContext<Key, Value>& context) override {
    FixedKeyProcessor::init(context);
    context.schedule(interval_, PunctuationType::stream_time, [this](Timestamp time) {
      if (last_) this->context().forward(last_->with_value(Value("again at " + std::to_string(time))));
    });
  }
  void process(FixedKeyRecord<Key, Value> record) override {
    last_ = record;
    context().forward(record);
  }

 private:
  Millis interval_;
  std::optional<FixedKeyRecord<Key, Value>> last_;
};

}  // namespace

std::unique_ptr<Processor> make_context_processor(const Function& f) {
  if (f.name == "change" || f.name == "metadata") return std::make_unique<Simple>(f);
  if (f.name.starts_with("punctuate")) {
    return std::make_unique<Punctuating>(Millis(f.number()), f.name == "punctuate_from");
  }
  return nullptr;
}

std::unique_ptr<FixedKeyProcessor> make_context_value_processor(const Function& f) {
  if (f.name == "headers" || f.name == "metadata" || f.name == "route") return std::make_unique<SimpleValue>(f);
  if (f.name == "last_until_stream_time") return std::make_unique<Last>(Millis(f.number()));
  return nullptr;
}

}  // namespace oracle::program
