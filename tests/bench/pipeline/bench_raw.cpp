// SPDX-License-Identifier: Apache-2.0
// The lower bound: a bare librdkafka loop without keys, state, changelog or guarantees.
//   bench_raw stateless|join BOOTSTRAP OUTPUT
// `stateless`: consume, decode with simdjson, filter, encode, produce. `join`: the same with a hash table in memory.
// The program runs until it is terminated.
#include <librdkafka/rdkafka.h>
#include <simdjson.h>

#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include "pipeline/model.hpp"

namespace {

volatile std::sig_atomic_t stopped = 0;

[[noreturn]] void die(const std::string& text) {
  std::fprintf(stderr, "bench_raw: %s\n", text.c_str());
  std::exit(1);
}

rd_kafka_t* client(rd_kafka_type_t type, const std::vector<std::pair<const char*, std::string>>& settings) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [key, value] : settings) {
    if (rd_kafka_conf_set(conf, key, value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) die(error);
  }
  rd_kafka_t* handle = rd_kafka_new(type, conf, error, sizeof error);
  if (handle == nullptr) die(error);
  return handle;
}

class Loop {
 public:
  Loop(bool join, const std::string& bootstrap, const char* output) : join_(join) {
    consumer_ = client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap},
                                           {"group.id", "bench-raw"},
                                           {"enable.auto.commit", "false"},
                                           {"auto.offset.reset", "earliest"},
                                           {"queued.min.messages", "500000"},
                                           {"queued.max.messages.kbytes", "65536"}});
    rd_kafka_poll_set_consumer(consumer_);
    auto* topics = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(topics, "variations", 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    if (join) rd_kafka_topic_partition_list_add(topics, "alerts", 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer_, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    producer_ = client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", bootstrap},
                                           {"linger.ms", "100"},
                                           {"enable.idempotence", "true"},
                                           {"queue.buffering.max.messages", "1000000"}});
    output_ = rd_kafka_topic_new(producer_, output, nullptr);
  }

  void run() {
    rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(consumer_);
    std::vector<rd_kafka_message_t*> batch(10'000);
    while (stopped == 0) {
      const ssize_t count = rd_kafka_consume_batch_queue(queue, 100, batch.data(), batch.size());
      for (ssize_t i = 0; i < count; ++i) {
        if (batch[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) handle(*batch[i]);
        rd_kafka_message_destroy(batch[i]);
      }
      rd_kafka_poll(producer_, 0);
    }
    rd_kafka_flush(producer_, 10'000);
  }

 private:
  void handle(const rd_kafka_message_t& message) {
    json_.assign(static_cast<const char*>(message.payload), message.len);
    json_.reserve(message.len + simdjson::SIMDJSON_PADDING);
    auto document = parser_.iterate(json_.data(), json_.size(), json_.capacity());
    const std::string_view id = document["id"];
    if (!join_) {
      const double ex = document["variation_ex"];
      const double in = document["variation_in"];
      if (std::abs(ex) > bench::kMinVariation) {
        out_ = millrace::to_json_string(bench::Variation{std::string(id), ex, in});
        send({}, out_);
      }
      return;
    }
    const bool alert = rd_kafka_topic_name(message.rkt)[0] == 'a';
    const double ex = alert ? 0 : double(document["variation_ex"]);
    auto& mine = alert ? alerts_ : variations_;
    auto& others = alert ? variations_ : alerts_;
    if (const auto other = others.find(std::string(id)); other != others.end()) {
      if (std::abs(alert ? other->second : ex) > bench::kMinVariation) {
        out_ = millrace::to_json_string(bench::Buy{std::string(id)});
        send(id, out_);
      }
      others.erase(other);
    } else {
      mine.emplace(id, ex);
    }
  }

  void send(std::string_view key, const std::string& value) {
    while (rd_kafka_produce(output_, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()),
                            value.size(), key.data(), key.size(), nullptr) == -1) {
      if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL) die(rd_kafka_err2str(rd_kafka_last_error()));
      rd_kafka_poll(producer_, 10);
    }
  }

  bool join_;
  rd_kafka_t* consumer_ = nullptr;
  rd_kafka_t* producer_ = nullptr;
  rd_kafka_topic_t* output_ = nullptr;
  simdjson::ondemand::parser parser_;
  std::string json_;
  std::string out_;
  std::unordered_map<std::string, double> alerts_;
  std::unordered_map<std::string, double> variations_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) die("usage: bench_raw stateless|join BOOTSTRAP OUTPUT");
  std::signal(SIGTERM, [](int) { stopped = 1; });
  std::signal(SIGINT, [](int) { stopped = 1; });
  Loop(std::string(argv[1]) == "join", argv[2], argv[3]).run();
}
