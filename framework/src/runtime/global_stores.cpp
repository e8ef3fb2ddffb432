#include "runtime/global_stores.hpp"

#include <deque>
#include <optional>

#include "millrace/common/errors.hpp"

namespace millrace::detail {
namespace {

// Entries that an iterator copies at a time, so that it does not hold the lock.
constexpr std::size_t kChunk = 256;

std::optional<std::string> copy(BytesView bytes) { return bytes ? std::optional<std::string>(*bytes) : std::nullopt; }
BytesView view(const std::optional<std::string>& bytes) { return bytes ? BytesView(*bytes) : std::nullopt; }

/// Walks over a store that others write meanwhile.
class SharedIterator final : public BytesIterator {
 public:
  SharedIterator(std::mutex& mutex, KeyValueBytesStore& store, BytesView from, BytesView to, bool forward)
      : mutex_(mutex), store_(store), from_(copy(from)), to_(copy(to)), forward_(forward) {
    fill();
  }

  [[nodiscard]] bool valid() const override { return !chunk_.empty(); }
  void next() override {
    std::string last = std::move(chunk_.front().first);
    chunk_.pop_front();
    if (!chunk_.empty() || !more_) return;
    if (forward_) {
      from_ = std::move(last) + '\0';
    } else {
      passed_ = last;
      to_ = std::move(last);
    }
    fill();
  }
  [[nodiscard]] std::string_view key() const override { return chunk_.front().first; }
  [[nodiscard]] std::string_view value() const override { return chunk_.front().second; }

 private:
  void fill() {
    const std::lock_guard lock(mutex_);
    const auto it = store_.range(view(from_), view(to_), forward_);
    // Backward, the upper end is the entry that was the last one before.
    if (passed_ && it->valid() && it->key() == *passed_) it->next();
    for (; it->valid() && chunk_.size() < kChunk; it->next()) chunk_.emplace_back(it->key(), it->value());
    more_ = it->valid();
  }

  std::mutex& mutex_;
  KeyValueBytesStore& store_;
  std::optional<std::string> from_;
  std::optional<std::string> to_;
  bool forward_;
  std::optional<std::string> passed_;
  std::deque<std::pair<std::string, std::string>> chunk_;
  bool more_ = false;
};

/// One thread's access to a store that several share.
class SharedStore final : public KeyValueBytesStore {
 public:
  SharedStore(std::mutex& mutex, KeyValueBytesStore& store) : mutex_(mutex), store_(store) {}

  [[nodiscard]] const std::string& name() const override { return store_.name(); }
  [[nodiscard]] bool persistent() const override { return store_.persistent(); }

  [[nodiscard]] BytesView get(std::string_view key) override {
    const std::lock_guard lock(mutex_);
    const BytesView found = store_.get(key);
    if (!found) return std::nullopt;
    value_.assign(*found);
    return std::string_view(value_);
  }
  void put(std::string_view key, BytesView value) override {
    const std::lock_guard lock(mutex_);
    store_.put(key, value);
  }
  [[nodiscard]] std::unique_ptr<BytesIterator> range(BytesView from, BytesView to, bool forward) override {
    return std::make_unique<SharedIterator>(mutex_, store_, from, to, forward);
  }
  [[nodiscard]] std::unique_ptr<BytesIterator> prefix_scan(std::string_view prefix) override {
    // All keys that begin with the prefix are below the next string of its length.
    std::string end(prefix);
    while (!end.empty() && end.back() == '\xff') end.pop_back();
    if (end.empty()) return range(prefix, std::nullopt, true);
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return std::make_unique<BelowIterator>(range(prefix, std::string_view(end), true), end);
  }
  [[nodiscard]] std::uint64_t approximate_num_entries() override {
    const std::lock_guard lock(mutex_);
    return store_.approximate_num_entries();
  }
  void restore(std::span<const RestoreRecord> records) override {
    const std::lock_guard lock(mutex_);
    store_.restore(records);
  }

 private:
  /// Ends before the key `end`.
  class BelowIterator final : public BytesIterator {
   public:
    BelowIterator(std::unique_ptr<BytesIterator> inner, std::string end)
        : inner_(std::move(inner)), end_(std::move(end)) {}
    [[nodiscard]] bool valid() const override { return inner_->valid() && inner_->key() != end_; }
    void next() override { inner_->next(); }
    [[nodiscard]] std::string_view key() const override { return inner_->key(); }
    [[nodiscard]] std::string_view value() const override { return inner_->value(); }

   private:
    std::unique_ptr<BytesIterator> inner_;
    std::string end_;
  };

  std::mutex& mutex_;
  KeyValueBytesStore& store_;
  std::string value_;
};

}  // namespace

void GlobalStores::share(const StoreBuilder& builder, const std::string& changelog, ByteStore& bytes) {
  if (!bytes.key_value) {
    throw TopologyException("global store '" + builder.name() +
                            "' is a window, session or versioned store: global stores must be key-value stores");
  }
  Shared& shared = stores_[builder.name()];
  shared = {builder, changelog, std::move(bytes.key_value)};
  bytes.key_value = std::make_unique<SharedStore>(mutex_, *shared.bytes);
}

StateStore* GlobalStores::find(const std::string& name) {
  const auto found = stores_.find(name);
  if (found == stores_.end()) return nullptr;
  const std::lock_guard lock(views_mutex_);
  auto& view = views_[{std::this_thread::get_id(), name}];
  if (!view) {
    ByteStore bytes;
    bytes.key_value = std::make_unique<SharedStore>(mutex_, *found->second.bytes);
    view = found->second.builder.wrap(std::move(bytes), found->second.changelog);
  }
  return view.get();
}

}  // namespace millrace::detail
