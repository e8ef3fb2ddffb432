// SPDX-License-Identifier: Apache-2.0
// mqtt_source: copies messages of an MQTT broker to a topic. The MQTT broker keeps each message until the topic has it.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "millrace/connect/run_source.hpp"
#include "millrace/mqtt/mqtt_options.hpp"
#include "millrace/mqtt/mqtt_source.hpp"
#include "tweets/mqtt_source/command_line.hpp"
#include "tweets/mqtt_source/tweet_key.hpp"

using namespace millrace;
using namespace millrace::connect;

int main(int argc, char** argv) {
  const auto arguments = tweets::with_mqtt_option(argc, argv);
  std::vector<const char*> pointers;
  for (const auto& argument : arguments) pointers.push_back(argument.c_str());

  MqttOptions mqtt;
  std::string topic = "tweets";
  StreamsConfig defaults;
  // The MQTT broker has only so many messages under way, and waits for their acknowledgements.
  defaults.set("producer.linger.ms", "0");
  return run_source(
      static_cast<int>(pointers.size()), pointers.data(),
      {.name = "mqtt_source",
       .description = "Copies messages of an MQTT broker to a topic: each at least once, in order. A record's "
                      "key is the tweet's id if the message is a tweet, else null. The header mqtt.topic "
                      "has the MQTT topic.\n"
                      "--broker mqtt://... or mqtts://... is the same as --mqtt; the broker with the topic "
                      "is given with --bootstrap-servers, or with a second --broker.",
       .defaults = defaults,
       .options =
           [&](Options& options) {
             mqtt.add(options);
             options.option("--topic", topic, "the MQTT topic; '+' and '#' are wildcards");
           },
       .source =
           [&](const StreamsConfig& config) {
             auto settings = mqtt.settings();
             if (settings.client_id.empty()) settings.client_id = config.get_string("application.id");
             return std::make_unique<MqttSource>(MqttSourceSettings{
                 .connection = std::move(settings),
                 .topic = topic,
                 .key = [](std::string_view, std::string_view payload) { return tweets::tweet_key(payload); }});
           }});
}
