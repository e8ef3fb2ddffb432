// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/state/store_builder.hpp"
#include "runtime/global/store_gate.hpp"

namespace millrace::detail {

/// Access to a byte store that several threads share. Each call takes the lock of `gate`. The pointers in `store` may
/// be replaced while the gate is closed.
///
/// Iterators do not hold the lock between two calls. Those of key-value stores see changes that are made while they are
/// open. Those of the other stores work on a copy, made when they are opened. If a key-value store is rebuilt, its open
/// iterators throw BrokerException (retriable): the entries before and after the rebuild do not belong together.
///
/// `reader`: the name of the processor that gets this access. It may only read: a write throws StreamsException. Empty:
/// the access of the processor that fills the store, which may also write.
///
/// `store` and `gate` must outlive the result. The result itself has buffers and is used by one thread. (Kafka
/// Streams: `AbstractReadOnlyDecorator`.)
[[nodiscard]] ByteStore share(StoreGate& gate, const ByteStore& store, const std::string& reader);

}  // namespace millrace::detail
