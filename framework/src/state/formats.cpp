// SPDX-License-Identifier: Apache-2.0
#include "millrace/state/detail/formats.hpp"

#include "millrace/common/errors.hpp"

namespace millrace::detail::formats {

/// Not inline, so that the readers in the header stay small.
void too_short(const char* what, std::size_t bytes, const char* least) {
  throw SerializationException(std::string(what) + " has " + std::to_string(bytes) + " bytes; it needs at least " +
                               least);
}

}  // namespace millrace::detail::formats
