// SPDX-License-Identifier: Apache-2.0
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
#include "millrace/state/detail/sequence.hpp"

namespace millrace::detail {

struct WindowKeyRecord;

/// One entry of a window store in memory. It lies in the arena of its slice. The bytes of its value follow it directly.
///
/// Windowed aggregations and joins hold millions of entries, so each saves what it can: no separate allocation, no copy
/// of the key, no destructor.
struct WindowEntry {
  WindowKeyRecord* owner;    ///< the key; nullptr: the entry is erased, and its memory is freed together with the slice
  Timestamp start;           ///< window start in ms
  Sequence seq;              ///< sequence number of a duplicate; 0 without duplicates
  std::uint32_t value_size;  ///< bytes
  std::uint32_t value_capacity;  ///< bytes that fit without a new entry
  bool dirty;                    ///< not committed yet
  bool deleted;                  ///< a deletion that is not committed yet

  [[nodiscard]] char* value_data() { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] std::string_view value() const { return {reinterpret_cast<const char*>(this + 1), value_size}; }
  /// Entries of one key are ordered by (start, seq).
  [[nodiscard]] bool before(Timestamp other_start, Sequence other_seq) const {
    return start != other_start ? start < other_start : seq < other_seq;
  }
};

/// The entries of one key, sorted by (start, seq). The array grows at the end and shrinks at the front, both in
/// amortised constant time. The usual case of one entry needs no array. Does not own the entries.
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
  [[nodiscard]] std::size_t lower_bound(Timestamp start, Sequence seq) const;

  /// Puts the entry at `index` and moves the later ones back. REQUIRES: the order by (start, seq) is kept.
  void insert(std::size_t index, WindowEntry* entry);
  /// Removes the entry from the list. The entry itself stays in its arena.
  void erase(std::size_t index);
  /// REQUIRES: both entries have the same (start, seq).
  void replace(std::size_t index, WindowEntry* entry) { begin()[index] = entry; }

  /// Bytes of the array, without the list object itself.
  [[nodiscard]] std::size_t heap_bytes() const { return capacity_ > 1 ? capacity_ * sizeof(WindowEntry*) : 0; }

 private:
  [[nodiscard]] WindowEntry** begin() { return capacity_ > 1 ? many_ + head_ : &one_; }
  [[nodiscard]] WindowEntry* const* begin() const { return capacity_ > 1 ? many_ + head_ : &one_; }
  // Makes space for one more entry at the end. Throws std::bad_alloc.
  void make_room();

  // capacity_ == 1: `one_` is valid. Otherwise `many_` is valid, allocated with malloc.
  union {
    WindowEntry* one_ = nullptr;
    WindowEntry** many_;
  };
  std::uint32_t head_ = 0;  // index of the first entry in `many_`
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 1;
};

/// A key and its entries. The bytes of the key follow it directly. Created and freed by make() and destroy() only.
struct WindowKeyRecord {
  std::size_t hash = 0;
  WindowEntryList entries;
  std::uint32_t key_size = 0;

  [[nodiscard]] std::string_view key() const { return {reinterpret_cast<const char*>(this + 1), key_size}; }

  /// Allocates record and key in one block. Throws std::bad_alloc.
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

/// Memory for the entries of one slice. Entries are allocated one after the other and freed all at once. Entries never
/// move.
class WindowArena {
 public:
  explicit WindowArena(std::size_t chunk_bytes) : chunk_bytes_(chunk_bytes) {}

  /// Allocates an entry with space for a value of `value_capacity` bytes. `owner` is null until the caller sets it.
  [[nodiscard]] WindowEntry* allocate(std::size_t value_capacity);

  /// Calls `visit(WindowEntry&)` for every entry that was ever allocated, also for erased ones (owner is null).
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

  /// Bytes of all chunks.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  // A chunk is never reallocated, so entries in it never move.
  struct Chunk {
    std::unique_ptr<std::byte[]> data;
    std::size_t size = 0;
    std::size_t used = 0;
  };

  // Rounded up to 8 bytes, so that the next entry is aligned.
  [[nodiscard]] static std::size_t footprint(std::size_t value_capacity) {
    return (sizeof(WindowEntry) + value_capacity + 7) & ~std::size_t{7};
  }

  std::size_t chunk_bytes_;
  std::vector<Chunk> chunks_;
  std::size_t bytes_ = 0;
};

}  // namespace millrace::detail
