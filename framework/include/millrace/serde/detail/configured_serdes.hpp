// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "millrace/common/detail/function_ref.hpp"
#include "millrace/serde/serde_configs.hpp"

namespace millrace::detail {

class ConfiguredSerdes;

/// The part of a serde that does not depend on its type: its life cycle.
class SerdeBase {
 public:
  virtual ~SerdeBase() = default;
  SerdeBase() = default;
  SerdeBase(const SerdeBase&) = delete;
  SerdeBase& operator=(const SerdeBase&) = delete;

  /// Whether the serde must be configured or closed. If not, prepared() and close() need not be called.
  [[nodiscard]] virtual bool has_life_cycle() const = 0;
  /// Makes a copy of the serde and configures the copy. Passes on what configure() throws.
  [[nodiscard]] virtual std::shared_ptr<SerdeBase> prepared(ConfiguredSerdes& application, bool is_key) const = 0;
  virtual void close() = 0;
};

/// The serdes of one application that have `configure()` or `close()`. Each serde object of the topology is copied and
/// configured at most twice, once for keys and once for values, when a task first needs it. All tasks and threads share
/// the copies. The objects in the topology stay as they are, so other applications can use them too.
///
/// Threads  any
class ConfiguredSerdes {
 public:
  explicit ConfiguredSerdes(SerdeConfigs configs = {});
  /// Calls close().
  ~ConfiguredSerdes();
  ConfiguredSerdes(const ConfiguredSerdes&) = delete;
  ConfiguredSerdes& operator=(const ConfiguredSerdes&) = delete;

  [[nodiscard]] const SerdeConfigs& configs() const { return configs_; }

  /// The configured copy of `original`. Passes on what configure() throws; the next call tries again. REQUIRES:
  /// `original` has a life cycle.
  [[nodiscard]] std::shared_ptr<const SerdeBase> copy_of(const std::shared_ptr<const SerdeBase>& original, bool is_key);

  /// Copies of an AnySerde, ready for use in this application.
  template <class Any>
  [[nodiscard]] Any key(Any serde) {
    serde.prepare(*this, true);
    return serde;
  }
  template <class Any>
  [[nodiscard]] Any value(Any serde) {
    serde.prepare(*this, false);
    return serde;
  }

  /// Closes all copies, the last one first. Exceptions are logged. Further calls do nothing. REQUIRES: nobody uses the
  /// copies any more.
  void close();

 private:
  struct Configured {
    std::shared_ptr<const SerdeBase> original;  ///< kept, so that no other object gets the same address
    std::shared_ptr<SerdeBase> copy;
  };

  SerdeConfigs configs_;
  /// Recursive, because a serde may hold another one.
  std::recursive_mutex mutex_;
  std::map<std::pair<const SerdeBase*, bool>, Configured> configured_;
  std::vector<SerdeBase*> in_order_;  ///< the copies, in the order in which they were made
};

}  // namespace millrace::detail
