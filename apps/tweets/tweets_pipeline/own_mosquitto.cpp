// SPDX-License-Identifier: Apache-2.0
#include "tweets/tweets_pipeline/own_mosquitto.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <thread>
#include <utility>

#include "millrace/common/errors.hpp"

namespace tweets {
namespace {

constexpr std::chrono::seconds kStartTimeout{20};
constexpr std::chrono::milliseconds kLookInterval{10};

/// A socket on 127.0.0.1.
class Socket {
 public:
  Socket() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() { ::close(descriptor_); }

  /// Takes a free port, which is free again when this object ends.
  [[nodiscard]] std::uint16_t take_free_port() const {
    sockaddr_in address = local(0);
    socklen_t size = sizeof address;
    if (::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
        ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw millrace::StreamsException(std::string("cannot find a free port: ") + std::strerror(errno));
    }
    return ntohs(address.sin_port);
  }
  [[nodiscard]] bool connects(std::uint16_t port) const {
    const sockaddr_in address = local(port);
    return ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

 private:
  [[nodiscard]] static sockaddr_in local(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  int descriptor_;
};

/// Debian puts the program into a folder that is not in everybody's PATH.
std::string executable() {
  for (const char* path : {"/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"}) {
    if (::access(path, X_OK) == 0) return path;
  }
  return {};
}

void write_config(const std::filesystem::path& file, std::uint16_t port) {
  std::ofstream out(file);
  out << "listener " << port << " 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 1000\n"
      << "max_queued_messages 0\n";
  if (!out.flush()) throw millrace::StreamsException("cannot write '" + file.string() + "': check the disk");
}

/// The body of the child process: only calls that are safe after fork().
[[noreturn]] void become_mosquitto(const char* program, const char* config, int log) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // This program has blocked the signals that end it, and Mosquitto would inherit that.
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  // Ctrl-C goes to the whole group of the terminal; the pipeline ends Mosquitto itself, last.
  ::setpgid(0, 0);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execl(program, program, "-c", config, static_cast<char*>(nullptr));
  ::_exit(127);
}

}  // namespace

std::unique_ptr<OwnMosquitto> OwnMosquitto::start(const std::filesystem::path& directory) {
  const std::string program = executable();
  if (program.empty()) return nullptr;
  std::filesystem::create_directories(directory);
  const std::uint16_t port = Socket().take_free_port();
  const std::string config = (directory / "mosquitto.conf").string();
  const std::string log_file = (directory / "mosquitto.log").string();
  write_config(config, port);
  const int log = ::open(log_file.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  const pid_t process = ::fork();
  if (process == 0) become_mosquitto(program.c_str(), config.c_str(), log);
  ::close(log);
  if (process < 0) throw millrace::StreamsException(std::string("cannot start Mosquitto: ") + std::strerror(errno));
  std::unique_ptr<OwnMosquitto> mosquitto(new OwnMosquitto(process, "mqtt://127.0.0.1:" + std::to_string(port)));
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (!Socket().connects(port)) {
    if (::waitpid(process, nullptr, WNOHANG) == process || std::chrono::steady_clock::now() > deadline) {
      throw millrace::StreamsException("Mosquitto does not start: " + log_file + " says why");
    }
    std::this_thread::sleep_for(kLookInterval);
  }
  return mosquitto;
}

OwnMosquitto::~OwnMosquitto() {
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
}

}  // namespace tweets
