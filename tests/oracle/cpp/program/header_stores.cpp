// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/session_store.hpp"
#include "millrace/state/window_store.hpp"
#include "oracle/cpp/program/processors.hpp"
#include "oracle/cpp/program/store_show.hpp"

// Processors with stores that keep headers. A null value deletes. A value is put with the record's headers; a value
// that contains an x is put with the headers already in the store. The counterpart of HeaderStores.java.

namespace oracle::program {
namespace {

using millrace::Headers;
using millrace::Record;
using Kept = millrace::ValueTimestampHeaders<Dynamic>;
using KeptSession = millrace::AggregationWithHeaders<Dynamic>;

template <class Old>
Headers headers_for(const Record<Key, Value>& record, const std::optional<Old>& old) {
  return old && contains(text(dynamic(record.value)), "x") ? old->headers : record.headers;
}

struct UseHeaders final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::TimestampedKeyValueStoreWithHeaders<Dynamic, Dynamic>>();
    const auto value = kept(record.value);
    if (!value) return "deleted " + show(store.remove(record.key));
    const auto old = store.get(record.key);
    const Kept made{*value, record.timestamp, headers_for(record, old)};
    store.put(record.key, made);
    auto seen = show(old);
    if (contains(text(*value), "b")) {
      store.put_all({{Dynamic("c"), made}, {Dynamic("dd"), made}});
      seen += show(store.put_if_absent(Dynamic("b"), made));
    }
    return seen + show(store.range(std::nullopt, record.key));
  }
};

struct UseWindowHeaders final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::TimestampedWindowStoreWithHeaders<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    const auto start = time - time % 10;
    const auto value = kept(record.value);
    const auto old = store.fetch(record.key, start);
    store.put(record.key, value ? std::optional(Kept{*value, time, headers_for(record, old)}) : std::nullopt, start);
    return in_order({show(old), show(store.fetch(record.key, before(time), after(time))),
                     show(store.fetch_all(before(time), time))});
  }
};

struct UseSessionHeaders final : WithStore {
  using WithStore::WithStore;
  std::string use(const Record<Key, Value>& record) override {
    auto& store = this->store<millrace::SessionStoreWithHeaders<Dynamic, Dynamic>>();
    const auto time = record.timestamp;
    const auto start = time - time % 10;
    const auto value = kept(record.value);
    const WindowedKey session{record.key, {start, after(start)}};
    const auto old = store.fetch_session(record.key, start, after(start));
    if (value) {
      const KeptSession made{*value, headers_for(record, old)};
      store.put(session, &made);
    } else {
      store.remove(session);
    }
    return show(old) + show(store.find_sessions(record.key, before(time), time));
  }
};

}  // namespace

std::unique_ptr<Processor> make_header_processor(const Function& f, const std::string& store) {
  if (f.name == "with_headers") return std::make_unique<UseHeaders>(store);
  if (f.name == "window_with_headers") return std::make_unique<UseWindowHeaders>(store, f.number());
  if (f.name == "session_with_headers") return std::make_unique<UseSessionHeaders>(store, f.number());
  return nullptr;
}

}  // namespace oracle::program
