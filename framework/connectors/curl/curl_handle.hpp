// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the connectors on libcurl have in common. Private to them.

#include <curl/curl.h>

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "millrace/common/errors.hpp"
#include "millrace/common/time.hpp"

namespace millrace::connect::detail {

struct CurlDelete {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using CurlHandle = std::unique_ptr<CURL, CurlDelete>;
using CurlUrl = std::unique_ptr<CURLU, CurlDelete>;

/// A list of strings for libcurl.
class CurlList {
 public:
  void add(const std::string& text) {
    auto* const longer = curl_slist_append(list_.get(), text.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    // The result is the head of the list, which changes with the first string only.
    if (!list_) list_.reset(longer);
  }
  [[nodiscard]] curl_slist* get() const { return list_.get(); }

 private:
  std::unique_ptr<curl_slist, CurlDelete> list_;
};

/// A new handle. It can be used in a program with threads.
[[nodiscard]] inline CurlHandle make_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  CurlHandle curl(curl_easy_init());
  if (!curl) throw std::bad_alloc();
  // No signals for name lookups.
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  return curl;
}

/// Parses an address. Null if it is none.
[[nodiscard]] inline CurlUrl parse_url(const std::string& url) {
  CurlUrl parsed(curl_url());
  if (!parsed || curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return nullptr;
  }
  return parsed;
}

/// A part of an address; empty if it has none.
[[nodiscard]] inline std::string url_part(const CurlUrl& url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url.get(), part, &text, flags) != CURLUE_OK) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

/// True for names and addresses of this machine.
[[nodiscard]] inline bool is_this_machine(std::string_view host) {
  return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "[::1]";
}

/// Lets a transfer end soon after `stop` was requested, with CURLE_ABORTED_BY_CALLBACK. `stop` must outlive the
/// transfer.
inline void abort_on_stop(CURL* curl, const std::stop_token& stop) {
  using Function = int (*)(void*, curl_off_t, curl_off_t, curl_off_t, curl_off_t);
  const Function look = [](void* token, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
  };
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, const_cast<std::stop_token*>(&stop));
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}

/// Certificates are always checked. `authorities`: a PEM file; empty: those of the system.
inline void set_authorities(CURL* curl, const std::filesystem::path& authorities) {
  if (authorities.empty()) return;
  curl_easy_setopt(curl, CURLOPT_CAINFO, authorities.c_str());
  curl_easy_setopt(curl, CURLOPT_CAPATH, nullptr);
}

inline void check_authorities(const std::filesystem::path& authorities) {
  if (authorities.empty() || std::filesystem::exists(authorities)) return;
  throw ConfigException("the file '" + authorities.string() + "' with the certificates does not exist");
}

/// True for errors of TLS that do not pass by themselves.
[[nodiscard]] inline bool is_certificate_error(CURLcode code) {
  return code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE || code == CURLE_SSL_ISSUER_ERROR ||
         code == CURLE_SSL_CERTPROBLEM;
}

}  // namespace millrace::connect::detail
