// SPDX-License-Identifier: Apache-2.0
// Uses each connector that the installed Millrace has. HAS_NAME is defined for each of them.
#include <iostream>

#include "millrace/connect/source_runner.hpp"
#ifdef HAS_HTTP
#include "millrace/http/http_client.hpp"
#endif
#ifdef HAS_MONGODB
#include "millrace/mongodb/mongo_sink.hpp"
#endif
#ifdef HAS_MQTT
#include "millrace/mqtt/mqtt_source.hpp"
#endif
#ifdef HAS_PAGE
#include "millrace/page/page.hpp"
#endif
#ifdef HAS_SMTP
#include "millrace/smtp/smtp_client.hpp"
#endif
#ifdef HAS_WEBSOCKET
#include "millrace/websocket/websocket_source.hpp"
#endif

int main() {
#ifdef HAS_MQTT
  const millrace::connect::MqttSource source(
      {.connection = {.url = "mqtt://localhost:1", .client_id = "package"}, .topic = "t"});
  std::cout << source.name() << '\n';
#endif
#ifdef HAS_MONGODB
  const millrace::connect::MongoSink sink({.uri = "mongodb://localhost:1/", .database = "d"});
  std::cout << sink.name() << '\n';
#endif
}
