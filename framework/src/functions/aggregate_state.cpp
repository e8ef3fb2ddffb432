// SPDX-License-Identifier: Apache-2.0
#include "millrace/functions/detail/aggregate_state.hpp"

#include <limits>
#include <string>

#include "millrace/common/errors.hpp"
#include "millrace/functions/detail/aggregate_rules.hpp"

namespace millrace::detail {
namespace {

[[noreturn]] void fail(const std::string& what) { throw SerializationException("aggregate state: " + what); }

}  // namespace

std::string_view StateReader::take(std::size_t size) {
  if (size > bytes_.size()) throw_state_too_short();
  const std::string_view taken = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
  return taken;
}

std::size_t StateReader::take_size() {
  const std::size_t size = read_big_endian<std::uint32_t>(take(4), "aggregate state");
  if (size > bytes_.size()) throw_state_too_short();
  return size;
}

void StateReader::finish() const {
  if (!bytes_.empty()) fail(std::to_string(bytes_.size()) + " bytes follow the last aggregate");
}

void append_state_size(std::size_t size, std::string& out) {
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    fail("a list or text with " + std::to_string(size) + " entries is too large: give the aggregate a limit");
  }
  append_big_endian(static_cast<std::uint32_t>(size), out);
}

void set_state_size(std::size_t at, std::string& out) {
  std::string size;
  append_state_size(out.size() - at - 4, size);
  out.replace(at, 4, size);
}

void throw_other_aggregates(std::string_view names) {
  fail("the bytes were not written by the aggregates [" + std::string(names) +
       "]: if the topology was changed, give the store another name or reset the application");
}

void throw_state_too_short() { fail("the bytes end too early: was this written with another serde?"); }

void throw_null_in_state() { fail("the serde of a value wrote null, which an aggregate cannot store"); }

// The name of the function and both operands are all that is known here; the engine adds the node.
void throw_overflow(const char* function, const std::string& state, const char* operation, const std::string& value) {
  throw StreamsException(std::string(function) + ": " + state + " " + operation + " " + value +
                         " is outside the range of 64-bit integers; let the argument return a double");
}

}  // namespace millrace::detail
