#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include "millrace/common/time.hpp"

namespace millrace::detail {

struct WindowKeyRecord;

/// One entry of a window store in memory. It lies in the arena of its time slice, its value right behind it.
struct WindowEntry {
  WindowKeyRecord* owner;  ///< nullptr: dead, waits for its slice to go
  Timestamp start;
  std::uint32_t seq;
  std::uint32_t value_size;
  std::uint32_t value_capacity;
  bool dirty;    ///< not yet committed
  bool deleted;  ///< a delete that is not yet committed

  [[nodiscard]] char* value_data() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] std::string_view value() const { return {reinterpret_cast<const char*>(this + 1), value_size}; }
  [[nodiscard]] bool before(Timestamp other_start, std::uint32_t other_seq) const {
    return start != other_start ? start < other_start : seq < other_seq;
  }
};

/// The entries of one key, sorted by (start, seq): an array that grows at the end and is eaten from the front, both in
/// amortised constant time. One entry, the usual case, needs no array.
class WindowEntryList {
 public:
  WindowEntryList() = default;
  WindowEntryList(const WindowEntryList&) = delete;
  WindowEntryList& operator=(const WindowEntryList&) = delete;
  ~WindowEntryList() {
    if (capacity_ > 1) std::free(many_);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] WindowEntry* operator[](std::size_t i) const { return begin()[i]; }

  /// The index of the first entry that is not before (start, seq).
  [[nodiscard]] std::size_t lower_bound(Timestamp start, std::uint32_t seq) const;

  void insert(std::size_t index, WindowEntry* entry);
  void erase(std::size_t index);
  void replace(std::size_t index, WindowEntry* entry) { begin()[index] = entry; }

  /// Bytes besides the list object itself.
  [[nodiscard]] std::size_t heap_bytes() const { return capacity_ > 1 ? capacity_ * sizeof(WindowEntry*) : 0; }

 private:
  [[nodiscard]] WindowEntry** begin() { return capacity_ > 1 ? many_ + head_ : &one_; }
  [[nodiscard]] WindowEntry* const* begin() const { return capacity_ > 1 ? many_ + head_ : &one_; }
  void make_room();

  union {
    WindowEntry* one_ = nullptr;
    WindowEntry** many_;
  };
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 1;
};

/// A key and its entries; the key's bytes lie right behind it.
struct WindowKeyRecord {
  std::size_t hash = 0;
  WindowEntryList entries;
  std::uint32_t key_size = 0;

  [[nodiscard]] std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_size}; }

  [[nodiscard]] static WindowKeyRecord* make(std::string_view key, std::size_t hash) {
    void* memory = std::malloc(sizeof(WindowKeyRecord) + key.size());
    if (memory == nullptr) throw std::bad_alloc();
    auto* record = new (memory) WindowKeyRecord();
    record->hash = hash;
    record->key_size = static_cast<std::uint32_t>(key.size());
    if (!key.empty()) std::memcpy(static_cast<void*>(record + 1), key.data(), key.size());
    return record;
  }
  static void destroy(WindowKeyRecord* record) {
    record->~WindowKeyRecord();
    std::free(record);
  }
};

/// The entries of one stretch of time, allocated one behind the other and freed all at once.
class WindowArena {
 public:
  explicit WindowArena(std::size_t chunk_bytes) : chunk_bytes_(chunk_bytes) {}

  /// Space for an entry with a value of up to `value_capacity` bytes.
  [[nodiscard]] WindowEntry* allocate(std::size_t value_capacity);

  /// Calls `visit(WindowEntry&)` for everything that was ever allocated here.
  template <class Visit>
  void for_each(Visit&& visit) {
    for (Chunk& chunk : chunks_) {
      for (std::size_t at = 0; at < chunk.used;) {
        auto* entry = reinterpret_cast<WindowEntry*>(chunk.data.get() + at);
        visit(*entry);
        at += footprint(entry->value_capacity);
      }
    }
  }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Chunk {
    std::unique_ptr<std::byte[]> data;
    std::size_t size = 0;
    std::size_t used = 0;
  };

  [[nodiscard]] static std::size_t footprint(std::size_t value_capacity) {
    return (sizeof(WindowEntry) + value_capacity + 7) & ~std::size_t{7};
  }

  std::size_t chunk_bytes_;
  std::vector<Chunk> chunks_;
  std::size_t bytes_ = 0;
};

}  // namespace millrace::detail
