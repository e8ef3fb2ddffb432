// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "millrace/dsl/streams_builder.hpp"
#include "millrace/serde/primitives.hpp"

// The streams that the snippets use, correctly or wrongly.

inline millrace::StreamsBuilder builder;

inline auto keyed() { return builder.stream<std::string, std::string>("keyed"); }
inline auto unkeyed() { return builder.stream<millrace::Unkeyed, std::string>("unkeyed"); }
