// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace millrace::kill9 {

/// Kafka servers that form one cluster: one or three. scripts/servers.sh starts and stops each of them.
class Cluster {
 public:
  /// Starts all servers and waits until they answer. `directory`: for their data and logs.
  Cluster(std::size_t servers, const std::filesystem::path& directory);
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  ~Cluster();

  [[nodiscard]] std::size_t size() const { return servers_.size(); }
  [[nodiscard]] std::string bootstrap_servers() const;
  /// How many copies of each partition there are.
  [[nodiscard]] std::int16_t replication_factor() const { return servers_.size() == 1 ? 1 : 3; }

  /// Shuts one server down in an orderly manner, so its partitions get other leaders.
  void stop(std::size_t server);
  void start(std::size_t server);
  void signal(std::size_t server, int number) const;
  /// Whether any of the servers has completed transactions without writing their markers; see
  /// millrace::has_lost_markers.
  [[nodiscard]] bool has_lost_markers() const;

 private:
  struct Server {
    std::filesystem::path directory;
    int port = 0;
    int controller_port = 0;
  };

  [[nodiscard]] std::string start_command(std::size_t server) const;

  std::vector<Server> servers_;
};

}  // namespace millrace::kill9
