// SPDX-License-Identifier: Apache-2.0
// buy_notifier: mails the records of the topic `buy`, many in one mail.
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "buy_signals/buy_notifier/digest_sink.hpp"
#include "buy_signals/buy_notifier/duration.hpp"
#include "buy_signals/topics.hpp"
#include "millrace/common/errors.hpp"
#include "millrace/connect/run_sink.hpp"

namespace {

using namespace buy_signals;
using millrace::connect::Secret;

/// The parsed command line.
struct Arguments {
  std::string smtp = "smtp://localhost:587";
  std::string from;
  std::string to;
  std::string user;
  std::optional<std::string> password_file;
  std::optional<std::string> tls_ca;
  std::string digest = "10m";
  std::int64_t max_buys = 1000;
  bool plain = false;
};

void add_options(millrace::Options& options, Arguments& arguments) {
  options.option("--smtp", arguments.smtp, "the mail server: smtp://host:587 with STARTTLS, or smtps://host:465")
      .option("--mail-from", arguments.from, "the sender's address")
      .option("--mail-to", arguments.to, "the recipients' addresses, separated by commas")
      .option("--user", arguments.user, "the user at the mail server; without it, no login")
      .option("--password-file", arguments.password_file,
              "the file whose first line is the user's password; without it, SMTP_PASSWORD in the environment")
      .option("--tls-ca", arguments.tls_ca, "trust the authorities in this PEM file instead of the system's")
      .option("--digest", arguments.digest,
              "how long the first buy of a mail waits for further ones, such as 30s, 10m or 1h")
      .option("--max-buys", arguments.max_buys, "a mail with so many buys does not wait any longer")
      .flag("--plain", arguments.plain, "no TLS, for a mail server on this machine");
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (comma != 0) parts.emplace_back(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return parts;
}

std::unique_ptr<DigestSink> make_sink(const Arguments& arguments, const millrace::StreamsConfig& config) {
  DigestSettings settings;
  settings.smtp.url = arguments.smtp;
  settings.smtp.user = arguments.user;
  if (!arguments.user.empty()) {
    settings.smtp.password = arguments.password_file
                                 ? Secret::from_file(*arguments.password_file, "the password of the mail server")
                                 : Secret::from_environment("SMTP_PASSWORD");
    if (!settings.smtp.password) {
      throw millrace::ConfigException("--user needs a password: --password-file, or SMTP_PASSWORD in the environment");
    }
  }
  settings.smtp.tls_ca = arguments.tls_ca.value_or("");
  settings.smtp.plain = arguments.plain;
  settings.from = arguments.from;
  settings.to = split(arguments.to);
  settings.interval = parse_duration("--digest", arguments.digest);
  if (arguments.max_buys < 1) throw millrace::ConfigException("--max-buys must be at least 1");
  settings.max_buys = static_cast<std::size_t>(arguments.max_buys);
  settings.directory = std::filesystem::path(config.get_string("state.dir")) / config.get_string("application.id");
  return std::make_unique<DigestSink>(std::move(settings));
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  millrace::StreamsConfig defaults;
  defaults.set("application.id", "buy-notifier");
  return millrace::connect::run_sink(
      argc, argv,
      {.name = "buy_notifier",
       .description = "Mails buys: one mail per interval with all buys that have come. A restart repeats no mail.",
       .defaults = defaults,
       .topics = {topic::kBuy},
       .options = [&](millrace::Options& options) { add_options(options, arguments); },
       .sink = [&](const millrace::StreamsConfig& config) { return make_sink(arguments, config); }});
}
