// SPDX-License-Identifier: Apache-2.0
#include "millrace/connect/source_runner.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/log_seldom.hpp"
#include "common/visible.hpp"
#include "connect/backoff.hpp"
#include "connect/source_metrics.hpp"
#include "connect/source_writer.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace::connect {
namespace {

/// How long the source may wait for records. A wish to stop is noticed as late as this.
constexpr Millis kPollTimeout{100};
/// The same while records wait for their delivery report, after which the source can acknowledge them.
constexpr Millis kPollTimeoutWhileBusy{1};
/// How long the last records may take after a wish to stop.
constexpr Millis kLastRecords{30'000};
/// A connection that has lasted so long counts as a success: the next failure is retried soon.
constexpr std::chrono::seconds kLasting{30};
/// How often rates are looked at, see MetricsRegistry::look().
constexpr std::chrono::seconds kLook{1};

std::string duration_text(Timestamp from, Timestamp until) {
  return std::to_string((until - from) / 1000) + "." + std::to_string((until - from) % 1000 / 100) + " s";
}

}  // namespace

class SourceRunner::Impl final : private SourceContext {
 public:
  Impl(std::shared_ptr<Broker> broker, Source& source, SourceSettings settings)
      : broker_(std::move(broker)),
        source_(source),
        settings_(checked(std::move(settings))),
        metrics_(settings_.id),
        writer_(make_writer()) {}

  void run(const std::stop_token& stop) {
    stop_ = stop;
    detail::Backoff backoff(settings_.config.get_millis("retry.backoff.ms"),
                            settings_.config.get_millis("millrace.connector.retry.delay.max.ms"));
    bool more = true;
    while (more && !stop.stop_requested()) {
      writer_->begin(stop);
      acknowledged_ = 0;
      if (stop.stop_requested()) break;
      const auto opened = std::chrono::steady_clock::now();
      const auto read_before = metrics_.polled.value();
      std::string why;
      try {
        open_ = true;
        source_.open(*this);
        more = copy();
      } catch (const RetriableException& error) {
        why = error.what();
      } catch (...) {
        close();
        throw;
      }
      // The connection is needed for the last acknowledgements.
      if (why.empty()) break;
      close();
      if (stop.stop_requested()) break;
      if (metrics_.polled.value() != read_before || std::chrono::steady_clock::now() - opened > kLasting) {
        backoff.reset();
      }
      const auto pause = backoff.next();
      metrics_.retries.add();
      millrace::detail::log_seldom(
          LogLevel::warn, settings_.id + " retry " + why.substr(0, 60),
          source_.name() + ": " + why + "; trying again in " + std::to_string(pause.count()) + " ms");
      wait(pause);
    }
    finish(!more);
  }

  [[nodiscard]] SourceCounters counters() const { return metrics_.counters(); }
  [[nodiscard]] Metrics metrics() { return metrics_.snapshot(); }

 private:
  static SourceSettings checked(SourceSettings settings) {
    if (settings.id.empty()) throw ConfigException("a source needs an application.id");
    settings.max_batch = std::max<std::size_t>(settings.max_batch, 1);
    return settings;
  }

  [[nodiscard]] std::unique_ptr<detail::SourceWriter> make_writer() {
    const bool replayable = source_.kind() == SourceKind::replayable;
    if (replayable && settings_.topic.empty()) {
      throw ConfigException("the source '" + settings_.id + "' needs a topic, whose committed offset is its position");
    }
    const detail::WriterEnvironment environment{
        .broker = *broker_,
        .settings = settings_,
        .metrics = metrics_,
        .source = source_.name(),
        .dead_letter_topic = settings_.config.get_string("errors.dead.letter.queue.topic.name")};
    return replayable ? detail::make_transactional_writer(environment)
                      : detail::make_streaming_writer(environment, source_.kind());
  }

  /// From one open() to its end. Returns false if the source has no more records.
  [[nodiscard]] bool copy() {
    std::vector<SourceRecord> records;
    bool more = true;
    while (more && !stop_.stop_requested()) {
      records.clear();
      more = source_.poll(records, settings_.max_batch, writer_->busy() ? kPollTimeoutWhileBusy : kPollTimeout);
      if (!records.empty()) {
        metrics_.polled.add(records.size());
        writer_->write(std::move(records), stop_);
      }
      acknowledge();
      look();
    }
    return more;
  }

  void close() {
    if (std::exchange(open_, false)) source_.close();
  }

  void acknowledge() {
    const std::size_t done = writer_->done();
    if (done == acknowledged_) return;
    source_.acknowledge(done - std::exchange(acknowledged_, done));
    if (settings_.on_progress) settings_.on_progress(counters(), writer_->position());
  }

  /// While the source is away, records that are under way still get their reports.
  void wait(Millis pause) {
    const auto until = std::chrono::steady_clock::now() + pause;
    while (!stop_.stop_requested()) {
      const auto left = std::chrono::ceil<Millis>(until - std::chrono::steady_clock::now());
      if (left <= Millis(0)) return;
      (void)writer_->done();
      look();
      if (detail::stopped_within(stop_, std::min(left, kPollTimeout))) return;
    }
  }

  /// The source is open, or was closed after a failure.
  void finish(bool ended) {
    const bool written = writer_->finish(stop_, kLastRecords);
    if (open_) {
      try {
        acknowledge();
      } catch (const RetriableException&) {
        // The far side repeats what was not acknowledged.
      }
      close();
    }
    if (settings_.on_progress) settings_.on_progress(counters(), writer_->position());
    if (!written) {
      throw StreamsException(
          "the broker at " + broker_->address() + " did not take the last records within " +
          std::to_string(kLastRecords.count()) + " ms" +
          (source_.kind() == SourceKind::live ? "; they are lost" : "; the next run reads them again"));
    }
    metrics_.ended = ended;
  }

  void look() {
    const auto now = std::chrono::steady_clock::now();
    if (now - looked_ < kLook) return;
    looked_ = now;
    metrics_.look();
  }

  // SourceContext
  [[nodiscard]] const std::optional<SourcePosition>& position() const override { return writer_->position(); }
  [[nodiscard]] std::stop_token stop() const override { return stop_; }
  void report_gap(Timestamp from, Timestamp until, std::string_view why) override {
    metrics_.gaps.add();
    log(LogLevel::warn, source_.name() + ": not connected for " + duration_text(from, until) +
                            ", records of this time may be missing: " + millrace::detail::visible(why));
  }
  void warn(std::string_view message) override {
    metrics_.warnings.add();
    millrace::detail::log_seldom(LogLevel::warn, settings_.id + std::string(message.substr(0, 60)),
                                 source_.name() + ": " + millrace::detail::visible(message, 1000));
  }

  const std::shared_ptr<Broker> broker_;
  Source& source_;
  const SourceSettings settings_;
  detail::SourceMetrics metrics_;
  std::unique_ptr<detail::SourceWriter> writer_;
  std::stop_token stop_;
  bool open_ = false;             ///< the source must be closed
  std::size_t acknowledged_ = 0;  ///< since the last open()
  std::chrono::steady_clock::time_point looked_;
};

SourceRunner::SourceRunner(std::shared_ptr<Broker> broker, Source& source, SourceSettings settings)
    : impl_(std::make_unique<Impl>(std::move(broker), source, std::move(settings))) {}
SourceRunner::~SourceRunner() = default;
void SourceRunner::run(const std::stop_token& stop) { impl_->run(stop); }
SourceCounters SourceRunner::counters() const { return impl_->counters(); }
Metrics SourceRunner::metrics() const { return impl_->metrics(); }

}  // namespace millrace::connect
