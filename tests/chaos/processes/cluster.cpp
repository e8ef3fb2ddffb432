// SPDX-License-Identifier: Apache-2.0
#include "chaos/processes/cluster.hpp"

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <fstream>
#include <future>
#include <map>
#include <stdexcept>

#include "chaos/processes/program.hpp"
#include "support/lost_markers.hpp"

namespace millrace::kill9 {
namespace {

const std::string kScripts = MILLRACE_SCRIPTS;

int free_port() { return std::stoi(run("bash -c 'source " + kScripts + "/lib/ports.sh && free_port'")); }

}  // namespace

Cluster::Cluster(std::size_t servers, const std::filesystem::path& directory) {
  for (std::size_t i = 0; i < servers; ++i) {
    servers_.push_back({directory / ("server-" + std::to_string(i + 1)) / "kafka", free_port(), free_port()});
    std::filesystem::create_directories(servers_.back().directory);
    // Servers with the same id form one cluster.
    std::ofstream(servers_.back().directory / "cluster-id") << "kill9-kill9-kill9-ki9w\n";
  }
  // All at once: a server answers when most of the controllers have found each other.
  std::vector<std::future<void>> starts;
  for (std::size_t i = 0; i < servers; ++i) starts.push_back(std::async(std::launch::async, [this, i] { start(i); }));
  for (auto& one : starts) one.get();
}

Cluster::~Cluster() {
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    try {
      stop(i);
    } catch (const std::exception& error) {
      std::fputs(error.what(), stderr);
    }
  }
}

std::string Cluster::bootstrap_servers() const {
  std::string all;
  for (const Server& server : servers_) all += (all.empty() ? "" : ",") + ("localhost:" + std::to_string(server.port));
  return all;
}

std::string Cluster::start_command(std::size_t server) const {
  const Server& one = servers_[server];
  std::string voters;
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    voters += (i == 0 ? "" : ",") + std::to_string(i + 1) + "@localhost:" + std::to_string(servers_[i].controller_port);
  }
  const std::string copies = std::to_string(replication_factor());
  const std::string in_sync = servers_.size() == 1 ? "1" : "2";
  const std::map<std::string, std::string> settings{
      {"node.id", std::to_string(server + 1)},
      {"controller.quorum.voters", voters},
      {"listeners", "PLAINTEXT://localhost:" + std::to_string(one.port) +
                        ",CONTROLLER://localhost:" + std::to_string(one.controller_port)},
      {"default.replication.factor", copies},
      {"min.insync.replicas", in_sync},
      {"offsets.topic.replication.factor", copies},
      {"transaction.state.log.replication.factor", copies},
      {"transaction.state.log.min.isr", in_sync},
  };
  std::string command = kScripts + "/servers.sh start kafka --port kafka=" + std::to_string(one.port) + " --dir '" +
                        one.directory.parent_path().string() + "'";
  for (const auto& [key, value] : settings) command += " --set kafka:" + key + "=" + value;
  return command;
}

void Cluster::start(std::size_t server) { run(start_command(server)); }

void Cluster::stop(std::size_t server) {
  // A paused server would not hear that it shall stop.
  signal(server, SIGCONT);
  run(kScripts + "/servers.sh stop kafka --dir '" + servers_[server].directory.parent_path().string() + "'");
}

void Cluster::signal(std::size_t server, int number) const {
  pid_t pid = 0;
  std::ifstream(servers_[server].directory / "pid") >> pid;
  if (pid > 1) ::kill(pid, number);
}

bool Cluster::has_lost_markers() const {
  return std::ranges::any_of(servers_,
                             [](const Server& server) { return millrace::has_lost_markers(server.directory); });
}

}  // namespace millrace::kill9
