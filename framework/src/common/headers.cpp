// SPDX-License-Identifier: Apache-2.0
#include "millrace/common/headers.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

namespace millrace {

// Defined here, so that users of the header do not compile a vector of headers.
struct Headers::List {
  std::vector<Header> headers;
};

void Headers::Delete::operator()(List* list) const { delete list; }

// A deep copy: each Headers object owns its list.
Headers::List* Headers::copy(const List& list) { return new List(list); }

Headers::Headers(std::initializer_list<Header> headers) {
  if (headers.size() != 0) list_.reset(new List{headers});
}

void Headers::add(std::string key, std::optional<std::string> value) {
  // Exception-safe: a new list becomes visible only after its first header is in it.
  std::unique_ptr<List, Delete> first(list_ ? nullptr : new List);
  (list_ ? *list_ : *first).headers.push_back({std::move(key), std::move(value)});
  if (first) list_ = std::move(first);
}

void Headers::remove(std::string_view key) {
  if (!list_) return;
  // The key is copied, because it may be the key of a header that is removed.
  std::erase_if(list_->headers, [key = std::string(key)](const Header& header) { return header.key == key; });
  if (list_->headers.empty()) list_.reset();
}

const Header* Headers::last(std::string_view key) const {
  // From the back, because the last header with a key counts.
  const auto from = std::make_reverse_iterator(end());
  const auto to = std::make_reverse_iterator(begin());
  const auto found = std::find_if(from, to, [key](const Header& header) { return header.key == key; });
  return found == to ? nullptr : &*found;
}

// An empty list gives two null pointers, which is an empty range.
const Header* Headers::begin() const { return list_ ? list_->headers.data() : nullptr; }

const Header* Headers::end() const { return list_ ? begin() + list_->headers.size() : nullptr; }

bool Headers::operator==(const Headers& other) const { return std::equal(begin(), end(), other.begin(), other.end()); }

}  // namespace millrace
