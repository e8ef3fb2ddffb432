// SPDX-License-Identifier: Apache-2.0
#include "millrace/mongodb/mongo_sink.hpp"

#include <simdjson.h>

#include <map>
#include <utility>

#include "collection_writer.hpp"
#include "millrace/common/errors.hpp"
#include "mongo_connection.hpp"

namespace millrace::connect {

std::optional<std::string> mongo_id_from_key(const ConsumerRecord& record) {
  if (!record.key || !simdjson::validate_utf8(record.key->data(), record.key->size())) return std::nullopt;
  return std::string(*record.key);
}

class MongoSink::Impl {
 public:
  explicit Impl(MongoSettings settings)
      : settings_(std::move(settings)),
        uri_(detail::make_uri(settings_)),
        name_("MongoDB at " + without_secrets(settings_.uri)),
        writer_(settings_) {
    if (settings_.database.empty()) throw ConfigException("a MongoDB sink needs the name of a database");
    if (settings_.tombstone == MongoTombstone::remove && !settings_.id) {
      throw ConfigException("a MongoDB sink can remove documents only if their ids come from a function");
    }
    for (const auto& index : settings_.indexes) {
      if (index.fields.empty()) throw ConfigException("an index of a MongoDB sink needs fields");
    }
  }

  [[nodiscard]] const std::string& name() const { return name_; }

  void open(SinkContext& context) {
    context_ = &context;
    client_ = detail::connect(*uri_, settings_);
    writer_.set_limits(detail::limits_of(*client_));
  }

  void put(std::span<const ConsumerRecord> records) {
    // Topics may lead to the same collection, so the groups are collections, each in the order of the batch.
    std::map<std::string, std::vector<const ConsumerRecord*>> groups;
    const std::string* topic = nullptr;
    std::vector<const ConsumerRecord*>* group = nullptr;
    for (const auto& record : records) {
      if (topic == nullptr || *topic != *record.topic) {
        topic = record.topic;
        group = &groups[collection_of(*topic)];
      }
      group->push_back(&record);
    }
    for (const auto& [name, of_it] : groups) {
      if (context_->stop().stop_requested()) throw RetriableException("the program ends");
      writer_.write(collection(name), of_it, *context_);
    }
  }

  void close() noexcept {
    collections_.clear();
    client_.reset();
  }

 private:
  std::string collection_of(const std::string& topic) const {
    return settings_.collection ? settings_.collection(topic) : topic;
  }

  mongoc_collection_t& collection(const std::string& name) {
    auto& handle = collections_[name];
    if (!handle) {
      for (auto index : settings_.indexes) {
        if (!index.collection.empty() && index.collection != name) continue;
        index.collection = name;
        detail::create_index(*client_, settings_.database, index);
      }
      handle.reset(mongoc_client_get_collection(client_.get(), settings_.database.c_str(), name.c_str()));
    }
    return *handle;
  }

  const MongoSettings settings_;
  const detail::MongoUri uri_;
  const std::string name_;
  detail::CollectionWriter writer_;
  SinkContext* context_ = nullptr;
  detail::MongoClient client_;
  std::map<std::string, detail::MongoCollection> collections_;
};

MongoSink::MongoSink(MongoSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
MongoSink::~MongoSink() { close(); }
std::string MongoSink::name() const { return impl_->name(); }
void MongoSink::open(SinkContext& context) { impl_->open(context); }
void MongoSink::put(std::span<const ConsumerRecord> records) { impl_->put(records); }
void MongoSink::close() noexcept { impl_->close(); }

}  // namespace millrace::connect
