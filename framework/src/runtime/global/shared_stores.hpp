#pragma once

#include <mutex>
#include <string>

#include "millrace/state/store_builder.hpp"

namespace millrace::detail {

/// Access to a byte store that several threads share. Each call takes the lock `mutex`.
///
/// Iterators do not hold the lock between two calls. Those of key-value stores see changes that are made while they are
/// open. Those of the other stores work on a copy, made when they are opened.
///
/// `reader`: the name of the processor that gets this access. It may only read: a write throws StreamsException. Empty:
/// the access of the processor that fills the store, which may also write.
///
/// `store` and `mutex` must outlive the result. The result itself has buffers and is used by one thread. (Kafka
/// Streams: `AbstractReadOnlyDecorator`.)
[[nodiscard]] ByteStore share(std::mutex& mutex, const ByteStore& store, const std::string& reader);

}  // namespace millrace::detail
