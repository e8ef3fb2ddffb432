// SPDX-License-Identifier: Apache-2.0
// For mongodb.py: inserts trades with libmongoc alone, in batches. Prints the seconds that it took.
//
// Usage: mongodb_bare URI DATABASE COUNT BATCH
#include <mongoc/mongoc.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

void append(mongoc_bulk_operation_t* bulk, std::int64_t number) {
  constexpr const char* kSymbols[] = {"AAPL", "MSFT", "BINANCE:BTCUSDT", "TSLA"};
  const auto id = "raw_data-0-" + std::to_string(number);
  bson_t document;
  bson_t conditions;
  bson_init(&document);
  bson_append_utf8(&document, "_id", -1, id.c_str(), -1);
  bson_append_utf8(&document, "symbol", -1, kSymbols[number % 4], -1);
  bson_append_double(&document, "price", -1, 100 + static_cast<double>(number) / 8);
  bson_append_int64(&document, "volume", -1, number);
  bson_append_int64(&document, "time", -1, 1'700'000'000'000 + number);
  bson_append_array_begin(&document, "conditions", -1, &conditions);
  bson_append_utf8(&conditions, "0", -1, "1", -1);
  bson_append_utf8(&conditions, "1", -1, "12", -1);
  bson_append_array_end(&document, &conditions);
  mongoc_bulk_operation_insert(bulk, &document);
  bson_destroy(&document);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("Usage: mongodb_bare URI DATABASE COUNT BATCH\n", stderr);
    return 2;
  }
  mongoc_init();
  const std::int64_t count = std::atoll(argv[3]);
  const std::int64_t batch = std::atoll(argv[4]);
  mongoc_client_t* client = mongoc_client_new(argv[1]);
  if (client == nullptr || count < 1 || batch < 1) return 2;
  mongoc_collection_t* collection = mongoc_client_get_collection(client, argv[2], "raw_data");
  bson_t options;
  bson_init(&options);
  bson_append_bool(&options, "ordered", -1, false);
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t number = 0; number < count;) {
    mongoc_bulk_operation_t* bulk = mongoc_collection_create_bulk_operation_with_opts(collection, &options);
    for (std::int64_t i = 0; i < batch && number < count; ++i) append(bulk, number++);
    bson_error_t error;
    if (mongoc_bulk_operation_execute(bulk, nullptr, &error) == 0) {
      std::fprintf(stderr, "mongodb_bare: %s\n", error.message);
      return 1;
    }
    mongoc_bulk_operation_destroy(bulk);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%.6f\n", seconds.count());
  bson_destroy(&options);
  mongoc_collection_destroy(collection);
  mongoc_client_destroy(client);
  return 0;
}
