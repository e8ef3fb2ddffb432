// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "millrace/common/bytes.hpp"
#include "state/task_database.hpp"
#include "unit/state/random_source.hpp"
#include "unit/state/temp_directory.hpp"

namespace millrace::detail {

/// Runs random operations on a store and on its model, and compares both. A class for one kind of store derives from
/// this class and adds `step(store)`, which runs and compares one operation.
template <class Model>
class StoreRun {
 public:
  RandomSource& random() { return random_; }
  void commit() { committed_ = model_; }
  void discard() { model_ = committed_; }
  /// Whether something was restored since the last call. Restored data is in RocksDB at once, outside of the
  /// transaction, so discard() must not remove it from the model.
  bool take_restored() { return std::exchange(restored_, false); }

 protected:
  explicit StoreRun(Model model = Model()) : model_(std::move(model)), committed_(model_) {}

  [[nodiscard]] static BytesView viewed(const std::optional<std::string>& bytes) {
    return bytes ? BytesView(*bytes) : std::nullopt;
  }

  RandomSource random_;
  Model model_;
  bool restored_ = false;

 private:
  Model committed_;
};

/// Takes steps on one store. Calls `now_and_then()` after one in a hundred steps on average.
template <class Run, class Store, class NowAndThen>
void run_on(Run& run, Store& store, int steps, NowAndThen now_and_then) {
  BOOST_TEST_MESSAGE("seed " << run.random().seed());
  BOOST_TEST_CONTEXT("seed " << run.random().seed()) {
    for (int i = 0; i < steps; ++i) {
      run.step(store);
      if (run.random().chance(1)) now_and_then();
    }
  }
}
template <class Run, class Store>
void run_on(Run& run, Store& store, int steps) {
  run_on(run, store, steps, [] {});
}

/// Takes steps on the store that `open(database)` opens. Between the steps it commits, discards, flushes and restarts.
template <class Run, class Open>
void run_in_rocksdb(Run run, const DatabaseOptions& options, int steps, Open open) {
  const TempDirectory directory;
  BOOST_TEST_MESSAGE("seed " << run.random().seed());
  BOOST_TEST_CONTEXT("seed " << run.random().seed()) {
    auto database = TaskDatabase::open(directory.path(), options);
    auto store = open(*database);
    std::int64_t offset = 0;
    const auto commit = [&] {
      database->commit({{store->name(), {{{"app-" + store->name() + "-changelog", 0}, Offset(++offset)}}}});
      run.commit();
    };
    for (int i = 0; i < steps; ++i) {
      run.step(*store);
      if (run.take_restored()) commit();
      switch (run.random().between(0, 250)) {
        case 0:
        case 1: commit(); break;
        case 2:
          database->discard();
          run.discard();
          break;
        case 3: database->flush(); break;
        case 4:
          if (run.random().chance(50)) commit();
          store.reset();
          database.reset();
          database = TaskDatabase::open(directory.path(), options);
          store = open(*database);
          run.discard();
          break;
        default: break;
      }
    }
  }
}

}  // namespace millrace::detail
