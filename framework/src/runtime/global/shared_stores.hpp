#pragma once

#include <mutex>
#include <string>

#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// One user's access to a byte store that several threads share: each call takes the lock, which iterators do not hold.
/// Those of key-value stores see what changes behind their place, others are copies. `reader`: the processor that it is
/// for, which may only read: writes throw StreamsException; empty: the one that fills the store.
/// `store` and `mutex` must outlive it. (Kafka Streams: `AbstractReadOnlyDecorator`.)
[[nodiscard]] ByteStore share(std::mutex& mutex, const ByteStore& store, const std::string& reader);

}  // namespace millrace::detail
