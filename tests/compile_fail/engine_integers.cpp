// SPDX-License-Identifier: Apache-2.0
// The engine's own integers: what would mix two meanings up does not compile.
#include <cstdint>
#include <string>

#include "broker/embedded/format.hpp"
#include "millrace/state/detail/formats.hpp"
#include "state/rocksdb/layout.hpp"
#include "state/store_set.hpp"

using namespace millrace::detail;

std::string batch_of(embedded::TopicId topic, PartitionId partition, Offset offset) {
#ifdef MILLRACE_MISUSE_partition_behind_the_offset
  return embedded::format::batch_key(topic, offset, partition);
#elif defined MILLRACE_MISUSE_partition_before_the_topic
  return embedded::format::batch_key(partition, topic, offset);
#else
  return embedded::format::batch_key(topic, partition, offset);
#endif
}

void window_key(std::string& out, millrace::Timestamp start, Sequence seq) {
#ifdef MILLRACE_MISUSE_sequence_before_the_time
  formats::append_window_key(out, "key", seq, start);
#else
  formats::append_window_key(out, "key", start, seq);
#endif
}

void stored_key(std::string& out, layout::SegmentId segment, millrace::Timestamp start, Sequence seq) {
#ifdef MILLRACE_MISUSE_time_as_the_segment
  layout::write_segmented_key(out, start, "key", segment, seq);
#else
  layout::write_segmented_key(out, segment, "key", start, seq);
#endif
}

void session_key(std::string& out, const millrace::Window& session) {
#ifdef MILLRACE_MISUSE_session_as_two_times
  formats::append_session_key(out, "key", session.end, session.start);
#else
  formats::append_session_key(out, "key", session);
#endif
}

void advance(StoreSet& stores, StorePosition& position, Offset next, millrace::Timestamp time) {
#ifdef MILLRACE_MISUSE_time_as_a_position
  stores.advance(position, time);
#else
  static_cast<void>(time);
  stores.advance(position, next);
#endif
}

std::int64_t as_kafka_has_it(Offset offset) {
#ifdef MILLRACE_MISUSE_offset_as_an_integer
  return offset;
#else
  return offset.value();
#endif
}

PartitionId after(PartitionId partition) {
#ifdef MILLRACE_MISUSE_sum_of_an_id
  return partition + 1;
#else
  return PartitionId(partition.value() + 1);
#endif
}

int main() {}
