// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "broker/embedded/core.hpp"
#include "broker/embedded/embedded_admin.hpp"
#include "broker/embedded/embedded_consumer.hpp"
#include "broker/embedded/embedded_producer.hpp"
#include "millrace/broker/broker.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/common/logging.hpp"

namespace millrace {
namespace detail::embedded {
namespace {

/// The directories that this process has open: one Core each. Thread-safe.
class Registry {
 public:
  /// Never destroyed, because clients in static objects may be destroyed after any other static object.
  static Registry& instance() {
    static auto* registry = new Registry;
    return *registry;
  }

  /// The Core of a directory, shared with earlier callers. Opens the directory if nobody has it open. Two names of the
  /// same directory (relative, with symbolic links) give the same Core.
  std::shared_ptr<Core> open(const std::filesystem::path& directory, IfMissing if_missing, IfInUse if_in_use) {
    std::error_code error;
    std::filesystem::path path = std::filesystem::weakly_canonical(std::filesystem::absolute(directory), error);
    if (!path.has_filename()) path = path.parent_path();  // `dir/` means `dir`
    if (error) {
      throw StreamsException("embedded broker directory " + directory.string() + ": " + error.message());
    }
    std::unique_lock lock(mutex_);
    // If an entry's Core is dead, another thread is closing it. The directory is free after that.
    for (;;) {
      // The registry holds weak pointers: the last client closes the directory.
      const auto found = cores_.find(path);
      if (found == cores_.end()) break;
      if (auto core = found->second.lock()) {
        if (if_in_use == IfInUse::fail && core->storage.read_only()) {
          throw LockException(
              "embedded broker directory " + path.string() +
              " is open for reading only in this process: close what reads it before you open it for writing");
        }
        return core;
      }
      closed_.wait(lock);
    }
    if (if_missing == IfMissing::fail && !Storage::exists(path)) {
      throw ConfigException("there is no embedded broker in " + path.string() +
                            ": check the directory's name. A program that writes makes a new one, for example 'topics "
                            "create TOPIC --broker embedded:" +
                            directory.string() + "'");
    }
    // The deleter closes the database without the registry's mutex, because that may take a while. Then it removes the
    // entry and wakes the threads that wait to open the same directory.
    auto core = std::shared_ptr<Core>(make_core(path, if_in_use).release(), [this, path](Core* closing) {
      delete closing;
      const std::lock_guard closing_lock(mutex_);
      cores_.erase(path);
      closed_.notify_all();
    });
    cores_[path] = core;
    // Functions of atexit() and destructors of static objects run in reverse order. RocksDB has created its static
    // objects already, so this function runs before they are destroyed.
    if (!std::exchange(ends_with_process_, true)) {
      std::atexit([] { instance().end_of_process(); });
    }
    return core;
  }

 private:
  /// A reader has the lock for a moment when it starts. So this waits a little before it throws LockException.
  static std::unique_ptr<Core> make_writable(const std::filesystem::path& path) {
    constexpr int kAttempts = 20;
    constexpr std::chrono::milliseconds kPause{50};
    for (int attempt = 1;; ++attempt) {
      try {
        return std::make_unique<Core>(path);
      } catch (const DirectoryInUseException&) {
        if (attempt == kAttempts) throw;
      }
      std::this_thread::sleep_for(kPause);
    }
  }

  static std::unique_ptr<Core> make_core(const std::filesystem::path& path, IfInUse if_in_use) {
    if (if_in_use == IfInUse::fail || !Storage::exists(path)) return make_writable(path);
    // A reader must not keep a program that writes from starting, so it holds no lock. But if nobody has the directory
    // open, transactions may be open that a crash has left, and they would hide what comes behind them. Opening the
    // directory for writing ends them.
    try {
      Core ends_open_transactions(path);
    } catch (const DirectoryInUseException& error) {
      log(LogLevel::info,
          "embedded broker in " + path.string() + " is in use by " + error.holder() + ": it is open for reading only");
    }
    for (int attempt = 1;; ++attempt) {
      try {
        return std::make_unique<Core>(path, Access::read);
      } catch (const StaleReadException&) {
        if (attempt == Core::kStaleAttempts) throw;
      }
    }
  }

  void end_of_process() {
    std::vector<std::shared_ptr<Core>> open;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [path, weak] : cores_) {
        if (auto core = weak.lock()) open.push_back(std::move(core));
      }
    }
    for (const auto& core : open) core->end_of_process();
  }

  std::mutex mutex_;
  std::condition_variable closed_;
  std::map<std::filesystem::path, std::weak_ptr<Core>> cores_;
  bool ends_with_process_ = false;  ///< atexit() was called, so end_of_process() will run
};

/// Makes clients of one directory. Thread-safe.
class EmbeddedBroker final : public Broker {
 public:
  EmbeddedBroker(const std::string& directory, IfMissing if_missing, IfInUse if_in_use)
      : directory_(directory), core_(Registry::instance().open(directory, if_missing, if_in_use)) {}

  std::unique_ptr<Consumer> make_consumer(const ClientConfig& config) override {
    return std::make_unique<EmbeddedConsumer>(core_, ConsumerSettings::parse(config));
  }
  std::unique_ptr<Producer> make_producer(const ClientConfig& config, DeliveryListener* listener) override {
    core_->storage.require_writable("make a producer");
    return std::make_unique<EmbeddedProducer>(core_, ProducerSettings::parse(config), listener);
  }
  std::unique_ptr<Admin> make_admin() override { return std::make_unique<EmbeddedAdmin>(core_); }
  std::string address() const override { return "embedded:" + directory_; }

 private:
  const std::string directory_;
  const std::shared_ptr<Core> core_;
};

}  // namespace
}  // namespace detail::embedded

std::shared_ptr<Broker> Broker::embedded(const std::string& directory, IfMissing if_missing, IfInUse if_in_use) {
  return std::make_shared<detail::embedded::EmbeddedBroker>(directory, if_missing, if_in_use);
}

}  // namespace millrace
