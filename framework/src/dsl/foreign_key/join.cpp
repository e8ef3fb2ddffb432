// SPDX-License-Identifier: Apache-2.0
#include "millrace/dsl/ktable.hpp"

namespace millrace::detail {

// The order of the draws is that of Kafka Streams: each draw uses a number. Store and topic names contain the numbers,
// so another order would lose the state of an application that moves over from Java.
ForeignJoinNames draw_foreign_join_names(Graph& graph, const std::string& given) {
  static const std::string kRegistration = "KTABLE-FK-JOIN-SUBSCRIPTION-REGISTRATION-";
  static const std::string kProcessor = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-";
  const auto draw = [&](const std::string& suffix, const std::string& prefix) {
    return suffixed_name(graph, given, suffix, prefix);
  };
  ForeignJoinNames names;
  names.topics.registration = draw("-subscription-registration", kRegistration) + "-topic";
  names.subscribe = draw("-subscription-registration-processor", kRegistration);
  names.registration_sink = draw("-subscription-registration-sink", "KTABLE-SINK-");
  names.registration_source = draw("-subscription-registration-source", "KTABLE-SOURCE-");
  names.topics.store = draw("-subscription-store", "KTABLE-FK-JOIN-SUBSCRIPTION-STATE-STORE-");
  names.receive = draw("-subscription-receive", kProcessor);
  names.answer = draw("-subscription-join-foreign", kProcessor);
  names.tell = draw("-foreign-join-subscription", kProcessor);
  names.topics.response = draw("-subscription-response", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-") + "-topic";
  names.response_sink = draw("-subscription-response-sink", "KTABLE-SINK-");
  names.response_source = draw("-subscription-response-source", "KTABLE-SOURCE-");
  names.resolve = draw("-subscription-response-resolver", "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-");
  names.result = draw("-result", "KTABLE-FK-JOIN-OUTPUT-");
  return names;
}

// Keyed by foreign key and primary key, see combined_key().
std::shared_ptr<const StoreBuilder> make_subscription_store(const std::string& name) {
  auto builder = Stores::timestamped_key_value_store<Bytes, Subscription>(name, StoreMedium::rocksdb, AnySerde<Bytes>(),
                                                                          AnySerde<Subscription>(SubscriptionSerde()));
  // As in Kafka Streams, changelog records of this store have the headers of the record being processed.
  definition_of(builder).spec.log_headers = LoggedHeaders::all;
  return std::make_shared<const StoreBuilder>(std::move(builder));
}

}  // namespace millrace::detail
