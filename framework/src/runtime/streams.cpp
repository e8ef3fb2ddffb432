// SPDX-License-Identifier: Apache-2.0
#include "millrace/runtime/streams.hpp"

#include <utility>

#include "runtime/streams_runtime.hpp"

namespace millrace {
namespace {

/// Prefix of an embedded broker's address: embedded:DIR.
constexpr std::string_view kEmbedded = "embedded:";

/// The broker that bootstrap.servers names. Throws ConfigException if the key is not set.
std::shared_ptr<Broker> broker_of(const StreamsConfig& config) {
  const std::string address = config.get_string("bootstrap.servers");
  if (address.empty()) {
    throw ConfigException("bootstrap.servers is not set: give host:port of a Kafka broker, or embedded:DIR");
  }
  if (address.starts_with(kEmbedded)) return Broker::embedded(address.substr(kEmbedded.size()));
  // Only settings for all clients (security, connection) are given here. Each client gets its own settings when it is
  // made.
  return Broker::kafka(address, config.client_settings(""));
}

}  // namespace

Streams::Streams(Topology topology, const StreamsConfig& config)
    : Streams(std::move(topology), config, broker_of(config)) {}

// Streams only passes calls on, so that its header shows none of the private classes.
Streams::Streams(Topology topology, StreamsConfig config, std::shared_ptr<Broker> broker, const Clock& clock)
    : runtime_(
          std::make_shared<detail::StreamsRuntime>(std::move(topology), std::move(config), std::move(broker), clock)) {}

Streams::~Streams() { (void)close(); }

void Streams::set_state_listener(StateListener listener) { runtime_->state_listener = std::move(listener); }
void Streams::set_uncaught_exception_handler(UncaughtExceptionHandler handler) {
  runtime_->exception_handler = std::move(handler);
}
void Streams::set_exception_handlers(ExceptionHandlers handlers) { runtime_->exception_handlers = std::move(handlers); }
void Streams::set_restore_listener(RestoreListener listener) { runtime_->restore_listener = std::move(listener); }

void Streams::start() { runtime_->start(); }
bool Streams::close(Millis timeout) { return runtime_->close(timeout); }
bool Streams::closed_cleanly() const { return runtime_->closed_cleanly(); }
bool Streams::wait_for(Millis timeout) { return runtime_->wait_for(timeout); }
Streams::State Streams::state() const { return runtime_->state(); }
std::string Streams::error() const { return runtime_->error(); }
Streams::Counters Streams::counters() const { return runtime_->counters(); }
Metrics Streams::metrics() const { return runtime_->metrics(); }
std::map<TopicPartition, std::int64_t> Streams::committed_offsets() const { return runtime_->committed_offsets(); }

const char* to_string(Streams::State state) {
  switch (state) {
    case Streams::State::created: return "CREATED";
    case Streams::State::rebalancing: return "REBALANCING";
    case Streams::State::running: return "RUNNING";
    case Streams::State::pending_shutdown: return "PENDING_SHUTDOWN";
    case Streams::State::not_running: return "NOT_RUNNING";
    case Streams::State::pending_error: return "PENDING_ERROR";
    case Streams::State::error: return "ERROR";
  }
  return "UNKNOWN";
}

}  // namespace millrace
