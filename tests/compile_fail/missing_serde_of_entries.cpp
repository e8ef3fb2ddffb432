// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <vector>

#include "millrace/serde/list.hpp"

#ifdef MILLRACE_MISUSE_of_an_unsigned
using Entry = unsigned;  // Kafka has no unsigned serdes
#else
using Entry = int;
#endif

int main() { millrace::detail::require_serde<std::vector<std::optional<Entry>>>(); }
