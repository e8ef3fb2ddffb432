#pragma once

namespace millrace::detail {

/// The place of an element in a LinkedList; a member of the element.
template <class T>
struct ListLinks {
  T* before = nullptr;
  T* after = nullptr;
};

/// A list whose links are in the elements. The elements belong to someone else. The list allocates nothing.
template <class T, ListLinks<T> T::*kLinks>
class LinkedList {
 public:
  [[nodiscard]] bool empty() const { return first_ == nullptr; }
  /// nullptr: the list is empty.
  [[nodiscard]] T* first() const { return first_; }
  /// nullptr: the element is the last one.
  [[nodiscard]] static T* after(const T& element) { return (element.*kLinks).after; }

  /// REQUIRES: the element is in no list of this kind.
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
  /// Puts all elements of another list behind those of this one. The other list is empty afterwards.
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
