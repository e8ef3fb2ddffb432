// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>

#include "millrace/common/detail/strong.hpp"

namespace millrace::detail {

/// Tells entries of a window store with the same key and start apart; 0 in stores without duplicates. 31 bits, because
/// Java's sequence number is a non-negative int.
using Sequence = Strong<struct SequenceTag, std::uint32_t, Sums::yes>;
static_assert(std::is_trivially_copyable_v<Sequence> && sizeof(Sequence) == sizeof(std::uint32_t));

}  // namespace millrace::detail
