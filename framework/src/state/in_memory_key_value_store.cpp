#include <functional>
#include <map>
#include <optional>

#include "in_memory_stores.hpp"

namespace millrace {

namespace {

class InMemoryKeyValueStore final : public KeyValueBytesStore {
 public:
  explicit InMemoryKeyValueStore(std::string name) : name_(std::move(name)) {}

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] bool persistent() const override { return false; }

  [[nodiscard]] BytesView get(std::string_view key) override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return std::string_view(found->second);
  }

  void put(std::string_view key, BytesView value) override {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      if (value) {
        found->second.assign(*value);
      } else {
        entries_.erase(found);
        ++erased_;
      }
    } else if (value) {
      entries_.emplace(key, *value);
    }
  }

  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override {
    return std::make_unique<Iterator>(*this, from ? std::optional<std::string>(*from) : std::nullopt,
                                      to ? std::optional<std::string>(*to) : std::nullopt, std::nullopt, forward);
  }

  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override {
    return std::make_unique<Iterator>(*this, std::string(prefix), std::nullopt, std::string(prefix), true);
  }

  [[nodiscard]] std::uint64_t approximate_num_entries() override { return entries_.size(); }

  void restore(std::span<const RestoreRecord> records) override {
    for (const RestoreRecord& record : records) put(record.key, record.value);
  }

 private:
  using Entries = std::map<std::string, std::string, std::less<>>;

  // Survives whatever is written meanwhile: if something was erased, it finds its place again by the key it stood on.
  class Iterator final : public BytesIterator {
   public:
    Iterator(InMemoryKeyValueStore& store, std::optional<std::string> from, std::optional<std::string> to,
             std::optional<std::string> prefix, bool forward)
        : store_(store), from_(std::move(from)), to_(std::move(to)), prefix_(std::move(prefix)), forward_(forward) {
      const Entries& entries = store_.entries_;
      if (forward_) {
        at_ = from_ ? entries.lower_bound(*from_) : entries.begin();
      } else {
        at_ = to_ ? entries.upper_bound(*to_) : entries.end();
        step_back();
      }
      settle();
    }

    [[nodiscard]] bool valid() const override { return valid_; }
    void next() override {
      if (!recover()) return;  // what it stood on is gone, so it stands on the next one already
      if (forward_) {
        ++at_;
      } else {
        step_back();
      }
      settle();
    }
    [[nodiscard]] std::string_view key() const override { return key_; }
    [[nodiscard]] std::string_view value() const override { return at_->second; }

   private:
    void step_back() {
      if (at_ == store_.entries_.begin()) {
        at_ = store_.entries_.end();
      } else {
        --at_;
      }
    }

    void settle() {
      erased_ = store_.erased_;
      valid_ = at_ != store_.entries_.end();
      if (!valid_) return;
      const std::string& key = at_->first;
      valid_ = (forward_ ? !to_ || key <= *to_ : !from_ || key >= *from_) && (!prefix_ || key.starts_with(*prefix_));
      if (valid_) key_ = key;
    }

    // False if the entry under the iterator was erased; it then stands on the next one.
    bool recover() {
      if (erased_ == store_.erased_ || !valid_) return true;
      at_ = store_.entries_.lower_bound(key_);
      const bool still_there = at_ != store_.entries_.end() && at_->first == key_;
      if (!still_there && !forward_) step_back();
      settle();
      return still_there;
    }

    InMemoryKeyValueStore& store_;
    std::optional<std::string> from_;
    std::optional<std::string> to_;
    std::optional<std::string> prefix_;
    bool forward_;
    Entries::const_iterator at_;
    std::uint64_t erased_ = 0;
    bool valid_ = false;
    std::string key_;
  };

  std::string name_;
  Entries entries_;
  std::uint64_t erased_ = 0;  // how often an entry was erased
};

}  // namespace

std::unique_ptr<KeyValueBytesStore> make_in_memory_key_value_store(const std::string& name) {
  return std::make_unique<InMemoryKeyValueStore>(name);
}

}  // namespace millrace
