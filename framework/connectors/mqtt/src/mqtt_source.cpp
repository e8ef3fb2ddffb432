// SPDX-License-Identifier: Apache-2.0
#include "millrace/mqtt/mqtt_source.hpp"

#include <deque>
#include <utility>

#include "millrace/common/errors.hpp"
#include "mqtt_address.hpp"
#include "mqtt_connection.hpp"

namespace millrace::connect {
namespace {

/// How long the last acknowledgements may take at the end.
constexpr Millis kGoodBye{500};

}  // namespace

class MqttSource::Impl {
 public:
  explicit Impl(MqttSourceSettings settings)
      : settings_(std::move(settings)),
        address_(detail::checked_address(settings_.connection)),
        connection_(settings_.connection, address_) {
    detail::check_topic_filter(settings_.topic);
    if (settings_.connection.client_id.empty()) {
      throw ConfigException("a source of MQTT messages needs a client id, which names its session: add --client-id");
    }
  }

  [[nodiscard]] std::string name() const { return address_.text() + " topic '" + settings_.topic + "'"; }

  void open(SourceContext& context) {
    unacknowledged_.clear();
    const bool present = connection_.open(true, context.stop());
    if (!present && was_open_) {
      context.warn("the MQTT broker has lost the session of client '" + settings_.connection.client_id +
                   "'; messages that came while there was no connection are lost");
    }
    connection_.subscribe(settings_.topic, context.stop());
    was_open_ = true;
  }

  void poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) {
    auto& received = connection_.received();
    if (received.empty()) {
      connection_.serve(timeout);
    } else {
      connection_.serve_output();
    }
    for (; !received.empty() && max_records > 0; --max_records) {
      auto& message = received.front();
      SourceRecord record;
      if (settings_.key) record.key = settings_.key(message.topic, message.payload);
      record.value = std::move(message.payload);
      record.headers.add("mqtt.topic", std::move(message.topic));
      records.push_back(std::move(record));
      unacknowledged_.push_back(message.id);
      received.pop_front();
    }
  }

  void acknowledge(std::size_t records) {
    for (; records > 0 && !unacknowledged_.empty(); --records) {
      if (unacknowledged_.front() != 0) connection_.acknowledge(unacknowledged_.front());
      unacknowledged_.pop_front();
    }
    connection_.flush();
  }

  void close() noexcept { connection_.close(kGoodBye); }

 private:
  const MqttSourceSettings settings_;
  const detail::MqttAddress address_;
  detail::MqttConnection connection_;
  std::deque<std::uint16_t> unacknowledged_;  ///< ids of polled messages, in their order; 0: QoS 0
  bool was_open_ = false;
};

MqttSource::MqttSource(MqttSourceSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
MqttSource::~MqttSource() = default;
std::string MqttSource::name() const { return impl_->name(); }
void MqttSource::open(SourceContext& context) { impl_->open(context); }
bool MqttSource::poll(std::vector<SourceRecord>& records, std::size_t max_records, Millis timeout) {
  impl_->poll(records, max_records, timeout);
  return true;
}
void MqttSource::acknowledge(std::size_t records) { impl_->acknowledge(records); }
void MqttSource::close() noexcept { impl_->close(); }

}  // namespace millrace::connect
