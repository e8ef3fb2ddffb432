// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace millrace::detail {

/// The neighbours of an element in a LinkedList. The element has this as a member.
template <class T>
struct ListLinks {
  T* before = nullptr;
  T* after = nullptr;
};

/// A doubly linked list whose links are members of the elements. The list owns no element and allocates nothing.
///
/// An element can be in several lists at once, with one ListLinks member per list. The cache needs this: an entry is
/// both in the order of use and in the order of change. Moving an entry costs constant time and no allocation.
///
/// The list does not notice when an element is destroyed. Remove the element first.
template <class T, ListLinks<T> T::*kLinks>
class LinkedList {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  /// nullptr if the list is empty.
  [[nodiscard]] T* first() const { return first_; }
  /// The next element. nullptr if `element` is the last one.
  [[nodiscard]] static T* after(const T& element) { return (element.*kLinks).after; }

  /// REQUIRES: the element is in no list that uses these links.
  void push_back(T& element) {
    (element.*kLinks) = {last_, nullptr};
    (last_ == nullptr ? first_ : (last_->*kLinks).after) = &element;
    last_ = &element;
  }
  /// REQUIRES: the element is in this list.
  void remove(T& element) {
    const auto [before, after] = element.*kLinks;
    (before == nullptr ? first_ : (before->*kLinks).after) = after;
    (after == nullptr ? last_ : (after->*kLinks).before) = before;
    element.*kLinks = {};
  }
  /// Moves all elements of the other list behind those of this one. The other list is then empty. Constant time.
  void append(LinkedList& other) {
    if (other.empty()) return;
    (other.first_->*kLinks).before = last_;
    (last_ == nullptr ? first_ : (last_->*kLinks).after) = other.first_;
    last_ = other.last_;
    other = {};
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

}  // namespace millrace::detail
