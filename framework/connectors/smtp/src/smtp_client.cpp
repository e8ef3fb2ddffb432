// SPDX-License-Identifier: Apache-2.0
#include "millrace/smtp/smtp_client.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/visible.hpp"
#include "curl_handle.hpp"
#include "mail_text.hpp"
#include "smtp_dialogue.hpp"

namespace millrace::connect {
namespace {

constexpr int kPassing = 400;
constexpr int kForGood = 500;
constexpr std::size_t kLongestAddress = 254;

/// The text that libcurl reads.
struct Upload {
  std::string_view rest;
};

std::size_t read_mail(char* to, std::size_t size, std::size_t count, void* from) {
  auto& upload = *static_cast<Upload*>(from);
  const auto bytes = std::min(size * count, upload.rest.size());
  std::memcpy(to, upload.rest.data(), bytes);
  upload.rest.remove_prefix(bytes);
  return bytes;
}

int listen(CURL* /*curl*/, curl_infotype type, char* data, std::size_t size, void* to) {
  auto& dialogue = *static_cast<detail::SmtpDialogue*>(to);
  if (type == CURLINFO_HEADER_OUT) dialogue.sent({data, size});
  if (type == CURLINFO_HEADER_IN) dialogue.received({data, size});
  return 0;
}

bool wants_login(int status) { return status == 530 || status == 534 || status == 535 || status == 538; }

}  // namespace

void check_mail_address(const std::string& address) {
  const bool plain = std::ranges::all_of(
      address, [](unsigned char c) { return c > 0x20 && c < 0x7f && std::strchr("<>()[],;:\\\"", c) == nullptr; });
  const auto at = address.find('@');
  if (!plain || address.size() > kLongestAddress || at == 0 || at == std::string::npos || at + 1 == address.size() ||
      address.find('@', at + 1) != std::string::npos) {
    throw ConfigException("'" + millrace::detail::visible(address, kLongestAddress) +
                          "' is not a mail address of the form name@host");
  }
}

class SmtpClient::Impl {
 public:
  explicit Impl(SmtpSettings settings) : settings_(std::move(settings)), curl_(detail::make_curl()) {
    const auto url = detail::parse_url(settings_.url);
    const auto scheme = url ? detail::url_part(url, CURLUPART_SCHEME) : std::string();
    if (scheme != "smtp" && scheme != "smtps") {
      throw ConfigException("'" + without_secrets(settings_.url) +
                            "' is not the address of a mail server: write smtp://host:587 or smtps://host:465");
    }
    const auto host = detail::url_part(url, CURLUPART_HOST);
    if (settings_.plain && !detail::is_this_machine(host)) {
      throw ConfigException("the mail server '" + host +
                            "' is on another machine, so mails need TLS: leave out --plain");
    }
    if (!detail::url_part(url, CURLUPART_USER).empty()) {
      throw ConfigException("the address of the mail server has a user in it: give the user by its own option");
    }
    if (settings_.password && settings_.user.empty()) {
      throw ConfigException("there is a password for the mail server '" + host + "', but no user");
    }
    detail::check_authorities(settings_.tls_ca);
    name_ = "mail server " + without_secrets(settings_.url);
  }

  [[nodiscard]] const std::string& name() const { return name_; }

  MailResult send(const Mail& mail, const std::stop_token& stop) {
    check_mail_address(mail.from);
    if (mail.to.empty()) throw ConfigException("a mail needs a recipient");
    for (const auto& address : mail.to) check_mail_address(address);
    check_mail_address(mail.message_id);
    auto* const curl = curl_.get();
    curl_easy_reset(curl);
    const auto text = detail::mail_text(mail);
    Upload upload{text};
    detail::SmtpDialogue dialogue;
    detail::CurlList recipients;
    for (const auto& address : mail.to) recipients.add("<" + address + ">");
    char message[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
    curl_easy_setopt(curl, CURLOPT_URL, settings_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     settings_.plain ? static_cast<long>(CURLUSESSL_NONE) : static_cast<long>(CURLUSESSL_ALL));
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_timeout.count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.timeout.count()));
    detail::set_authorities(curl, settings_.tls_ca);
    if (!settings_.user.empty()) {
      curl_easy_setopt(curl, CURLOPT_USERNAME, settings_.user.c_str());
      curl_easy_setopt(curl, CURLOPT_PASSWORD, settings_.password ? settings_.password->reveal().c_str() : "");
    }
    const std::string sender = "<" + mail.from + ">";
    curl_easy_setopt(curl, CURLOPT_MAIL_FROM, sender.c_str());
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients.get());
    // One refused recipient does not take the mail from the others.
    curl_easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_mail);
    curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
    curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, listen);
    curl_easy_setopt(curl, CURLOPT_DEBUGDATA, &dialogue);
    detail::abort_on_stop(curl, stop);
    const auto code = curl_easy_perform(curl);
    if (code != CURLE_OK) fail(code, message, dialogue);
    MailResult result;
    for (const auto& answer : dialogue.recipients()) {
      if (answer.status >= kForGood) {
        result.refused.push_back(answer);
      } else if (answer.status >= kPassing) {
        result.deferred.push_back(answer);
      }
    }
    return result;
  }

 private:
  [[noreturn]] void fail(CURLcode code, const char* message, const detail::SmtpDialogue& dialogue) const {
    const auto reason = millrace::detail::visible(*message != '\0' ? message : curl_easy_strerror(code));
    if (detail::is_certificate_error(code)) {
      throw StreamsException(name_ + ": " + reason +
                             ": the server must have a certificate for its name from an authority that this machine "
                             "trusts");
    }
    if (code == CURLE_USE_SSL_FAILED) {
      throw StreamsException(name_ +
                             ": the server does not offer STARTTLS: use smtps://, or --plain for a server on this "
                             "machine");
    }
    const auto status = dialogue.status();
    const auto answer = name_ + " answers to " + dialogue.command() + ": " + dialogue.text();
    if ((code == CURLE_LOGIN_DENIED && (status >= kForGood || status < kPassing)) || wants_login(status)) {
      throw StreamsException((status >= kForGood ? answer : name_ + ": " + reason) + ": check user and password");
    }
    // The connection may also be lost after an answer of 4xx or 5xx to something else.
    const auto& command = dialogue.command();
    const bool about_mail = command == "MAIL" || command == "RCPT" || command == "DATA" || command == ".";
    if (about_mail && status >= kForGood) {
      const bool one_may_later =
          command == "RCPT" && std::ranges::any_of(dialogue.recipients(), [](const auto& recipient) {
            return recipient.status >= kPassing && recipient.status < kForGood;
          });
      if (!one_may_later) throw MailRefused(answer);
    }
    throw RetriableException(status >= kPassing ? answer : name_ + ": " + reason);
  }

  const SmtpSettings settings_;
  detail::CurlHandle curl_;
  std::string name_;
};

SmtpClient::SmtpClient(SmtpSettings settings) : impl_(std::make_unique<Impl>(std::move(settings))) {}
SmtpClient::~SmtpClient() = default;
std::string SmtpClient::name() const { return impl_->name(); }
MailResult SmtpClient::send(const Mail& mail, const std::stop_token& stop) { return impl_->send(mail, stop); }

}  // namespace millrace::connect
