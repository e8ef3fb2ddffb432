#pragma once

#include <tsl/robin_set.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "budget.hpp"
#include "linked_list.hpp"
#include "millrace/common/bytes.hpp"
#include "record_context_holder.hpp"

namespace millrace::detail {

/// A change that leaves a cache.
struct CacheChange {
  std::string key;
  std::optional<std::string> value;  ///< nullopt: the key is deleted
  KeptContext context;               ///< of the key's last update
};

/// The last used entries of one store. Changed entries stay until take_changes() has handed them out; unchanged ones
/// make room, the least recently used one first. (Kafka Streams: `NamedCache`.)
///
/// The cache calls nobody. Its bytes are those of the memory that it holds: entries with keys, values and contexts, as
/// far as they are allocated apart, and its tables. Threads: one.
class NamedCache {
 public:
  using Value = std::optional<std::string>;  ///< nullopt: deleted

  /// `budget` and `contexts` must outlive the cache.
  NamedCache(CacheBudget& budget, RecordContextHolder& contexts) : budget_(budget), contexts_(contexts) {}
  ~NamedCache();
  NamedCache(const NamedCache&) = delete;
  NamedCache& operator=(const NamedCache&) = delete;

  /// The value of a key, whose entry is now the last used; nullptr: the cache does not know. Valid until the next call
  /// of another method.
  [[nodiscard]] const Value* get(std::string_view key);
  /// The same for walks, which leave the order of use alone.
  [[nodiscard]] const Value* peek(std::string_view key) const;

  /// A change, by the task's current record; nullopt deletes.
  void put(std::string_view key, BytesView value);
  /// What the store below has. REQUIRES: no entry of this key.
  void put_clean(std::string_view key, std::string_view value);

  /// All that is changed now is to be handed out; what changes from here on waits for the next call. A key that
  /// changes once more before it is handed out is handed out once, as it is then.
  void begin_taking();
  /// Some of what is to be handed out, in the order of the last updates; empty: that was all. Those entries count as
  /// unchanged from here on, and deleted ones are gone: the caller writes them to the store below before anything else.
  [[nodiscard]] std::vector<CacheChange> take_changes();

  /// Drops entries until the budget is kept. False: the next one to go is changed, and has to be taken first.
  [[nodiscard]] bool make_room();

  /// Gives back the sorted index if no walk has used it since the last call.
  void tidy();

  /// The keys from `from` (nullopt: the first) up to `to` (nullopt: the last; inclusive or not), in order.
  [[nodiscard]] std::vector<std::string> keys(BytesView from, BytesView to, bool to_inclusive);

  /// The first key >= `key`; the way to skip from place to place. nullopt: there is none.
  [[nodiscard]] std::optional<std::string_view> first_from(std::string_view key);

 private:
  enum class State : std::uint8_t { clean, changed, leaving };
  struct Entry {
    std::string key;
    Value value;
    KeptContext context;  // empty in clean entries
    State state = State::clean;
    std::size_t bytes = 0;
    ListLinks<Entry> by_use;
    ListLinks<Entry> by_change;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const { return std::hash<std::string_view>()(key); }
    std::size_t operator()(const Entry* entry) const { return (*this)(entry->key); }
  };
  struct Equal {
    using is_transparent = void;
    static std::string_view key(std::string_view key) { return key; }
    static std::string_view key(const Entry* entry) { return entry->key; }
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return key(a) == key(b);
    }
  };
  // With the hashes, which cost no room beside the pointers.
  using Table = tsl::robin_set<Entry*, Hash, Equal, std::allocator<Entry*>, true>;
  using Index = std::map<std::string_view, Entry*>;  // views of the entries' own keys
  using ChangeList = LinkedList<Entry, &Entry::by_change>;

  Entry& place(std::string_view key);
  void remove(Entry& entry);
  void count(Entry& entry);
  void count_table();
  void add_bytes(std::size_t now, std::size_t& before);
  [[nodiscard]] const Index& index();

  CacheBudget& budget_;
  RecordContextHolder& contexts_;
  Table by_key_;  // owns the entries
  std::size_t table_bytes_ = 0;
  LinkedList<Entry, &Entry::by_use> used_;  // last used at the end
  ChangeList changed_;                      // in the order of the last update
  ChangeList leaving_;                      // what is being handed out
  std::optional<Index> index_;
  bool index_used_ = false;  // since the last tidy()
};

}  // namespace millrace::detail
