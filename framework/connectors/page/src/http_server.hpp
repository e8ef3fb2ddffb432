// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "page_data.hpp"

namespace millrace::page::detail {

/// The HTTP server of a page, on a thread of its own. Threads: thread-safe.
class HttpServer {
 public:
  /// Listens. `data` must outlive the object. Throws ConfigException if it cannot.
  HttpServer(const PageOptions& options, const PageData& data);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;
  /// Sends an event to all viewers. Does not wait for them.
  void publish(Event event);
  [[nodiscard]] bool has_viewers() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace::page::detail
