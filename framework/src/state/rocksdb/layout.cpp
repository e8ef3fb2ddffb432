// SPDX-License-Identifier: Apache-2.0
#include "layout.hpp"

#include <algorithm>
#include <utility>

#include "millrace/state/detail/formats.hpp"

namespace millrace::detail::layout {

std::int64_t segment_interval(std::int64_t retention_ms) { return std::max<std::int64_t>(retention_ms / 2, 60'000); }

namespace {

void append_topic_partition(std::string& out, const TopicPartition& place) {
  formats::append_be32(out, static_cast<std::uint32_t>(place.partition));
  out += place.topic;
}

std::optional<TopicPartition> read_topic_partition(std::string_view bytes) {
  if (bytes.size() < 4) return std::nullopt;
  return TopicPartition{std::string(bytes.substr(4)), static_cast<std::int32_t>(formats::load_be32(bytes.data()))};
}

void append_sized(std::string& out, std::string_view bytes) {
  formats::append_be32(out, static_cast<std::uint32_t>(bytes.size()));
  out += bytes;
}

void append_input(std::string& out, const TopicPartition& input, std::int64_t offset) {
  formats::append_be32(out, static_cast<std::uint32_t>(input.partition));
  append_sized(out, input.topic);
  formats::append_be64(out, static_cast<std::uint64_t>(offset));
}

/// Reads fields from the front of a byte string. Each function returns nullopt if too few bytes are left.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::optional<std::uint32_t> be32() {
    if (rest_.size() < 4) return std::nullopt;
    const std::uint32_t value = formats::load_be32(rest_.data());
    rest_.remove_prefix(4);
    return value;
  }
  std::optional<std::string> sized() {
    const auto size = be32();
    if (!size || rest_.size() < *size) return std::nullopt;
    std::string value(rest_.substr(0, *size));
    rest_.remove_prefix(*size);
    return value;
  }
  std::optional<std::pair<TopicPartition, std::int64_t>> input() {
    const auto partition = be32();
    auto topic = partition ? sized() : std::nullopt;
    if (!topic || rest_.size() < 8) return std::nullopt;
    const auto offset = static_cast<std::int64_t>(formats::load_be64(rest_.data()));
    rest_.remove_prefix(8);
    return std::pair{TopicPartition{std::move(*topic), static_cast<std::int32_t>(*partition)}, offset};
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::string position_key(std::string_view store, const TopicPartition& changelog) {
  std::string key(kPositionPrefix);
  formats::append_be32(key, static_cast<std::uint32_t>(store.size()));
  key += store;
  append_topic_partition(key, changelog);
  return key;
}

std::optional<PositionKey> read_position_key(std::string_view key) {
  key.remove_prefix(kPositionPrefix.size());
  if (key.size() < 4) return std::nullopt;
  const std::size_t store_size = formats::load_be32(key.data());
  key.remove_prefix(4);
  if (key.size() < store_size) return std::nullopt;
  auto changelog = read_topic_partition(key.substr(store_size));
  if (!changelog) return std::nullopt;
  return PositionKey{std::string(key.substr(0, store_size)), std::move(*changelog)};
}

std::string write_position(const LogPosition& position) {
  std::string out;
  formats::append_be64(out, static_cast<std::uint64_t>(position.next.value()));
  if (position.proof) {
    formats::append_be64(out, static_cast<std::uint64_t>(position.proof->offset));
    formats::append_be64(out, position.proof->hash);
  }
  return out;
}

std::optional<LogPosition> read_position(std::string_view bytes) {
  if (bytes.size() != 8 && bytes.size() != 24) return std::nullopt;
  LogPosition position{Offset(static_cast<std::int64_t>(formats::load_be64(bytes.data())))};
  if (bytes.size() == 24) {
    position.proof = {static_cast<std::int64_t>(formats::load_be64(bytes.data() + 8)),
                      formats::load_be64(bytes.data() + 16)};
  }
  return position;
}

std::string offset_key(const TopicPartition& changelog) {
  std::string key(kOffsetPrefix);
  append_topic_partition(key, changelog);
  return key;
}

std::optional<TopicPartition> read_offset_key(std::string_view key) {
  return read_topic_partition(key.substr(kOffsetPrefix.size()));
}

std::string headers_key(std::string_view store) { return std::string(kHeadersPrefix).append(store); }

std::string type_key(std::string_view store) { return std::string(kTypePrefix).append(store); }

std::string window_meta_key(std::string_view store) { return std::string(kWindowMetaPrefix).append(store); }

std::string write_window_meta(const WindowMeta& meta) {
  std::string out;
  formats::append_be64(out, static_cast<std::uint64_t>(meta.segment_interval_ms));
  formats::append_be64(out, static_cast<std::uint64_t>(meta.observed_stream_time));
  formats::append_be32(out, meta.last_seq.value());
  return out;
}

std::optional<WindowMeta> read_window_meta(std::string_view bytes) {
  // Any other size means damage. The caller then reports a corrupted state.
  if (bytes.size() != 20) return std::nullopt;
  return WindowMeta{static_cast<std::int64_t>(formats::load_be64(bytes.data())),
                    static_cast<Timestamp>(formats::load_be64(bytes.data() + 8)),
                    Sequence(formats::load_be32(bytes.data() + 16))};
}

std::string write_inputs(const InputOffsets& inputs) {
  std::string out;
  formats::append_be32(out, static_cast<std::uint32_t>(inputs.processed.size()));
  for (const auto& [input, next] : inputs.processed) {
    append_input(out, input, next.offset);
    append_sized(out, next.metadata);
  }
  formats::append_be32(out, static_cast<std::uint32_t>(inputs.of_group.size()));
  for (const auto& [input, offset] : inputs.of_group) append_input(out, input, offset);
  return out;
}

std::optional<InputOffsets> read_inputs(std::string_view bytes) {
  InputOffsets inputs;
  Fields fields(bytes);
  auto left = fields.be32();
  for (; left && *left > 0; --*left) {
    auto input = fields.input();
    auto metadata = input ? fields.sized() : std::nullopt;
    if (!metadata) return std::nullopt;
    inputs.processed.emplace(std::move(input->first), OffsetAndMetadata{input->second, std::nullopt, *metadata});
  }
  left = left ? fields.be32() : left;
  for (; left && *left > 0; --*left) {
    auto input = fields.input();
    if (!input) return std::nullopt;
    inputs.of_group.insert(std::move(*input));
  }
  return left && fields.empty() ? std::optional(std::move(inputs)) : std::nullopt;
}

void write_segmented_key(std::string& out, SegmentId segment, std::string_view key, Timestamp start, Sequence seq) {
  out.clear();
  append_segment(out, segment);
  formats::append_window_key(out, key, start, seq);
}

// A key <= key_to can still have larger bytes than key_to: if it is a prefix of key_to, its start is compared with the
// remaining bytes of key_to. So try every prefix of key_to.
std::string last_in_segment(std::string_view key_to, Timestamp to) {
  std::string last;
  std::string bytes;
  for (std::size_t length = 0; length <= key_to.size(); ++length) {
    bytes.clear();
    formats::append_window_key(bytes, key_to.substr(0, length), to, Sequence(0xffffffff));
    if (bytes > last) std::swap(bytes, last);
  }
  return last;
}

SegmentedKey read_segmented_key(std::string_view bytes) {
  const formats::WindowKey entry = formats::read_window_key(bytes.substr(kSegmentBytes));
  return {read_segment(bytes), entry.key, entry.start, entry.seq};
}

}  // namespace millrace::detail::layout
