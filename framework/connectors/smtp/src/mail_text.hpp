// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "millrace/smtp/smtp_client.hpp"

namespace millrace::connect::detail {

/// The mail as RFC 5322 and MIME want it, with CRLF at the ends of lines. Only ASCII, no line above 76 characters but
/// for long addresses.
[[nodiscard]] std::string mail_text(const Mail& mail);

/// The value of a header: as it is, if it is short and printable ASCII, else in encoded words (RFC 2047).
[[nodiscard]] std::string encoded_header(std::string_view text);

/// The text in quoted-printable (RFC 2045), with CRLF.
[[nodiscard]] std::string quoted_printable(std::string_view text);

/// A date of RFC 5322 in UTC: `Tue, 03 Jan 2012 00:00:00 +0000`.
[[nodiscard]] std::string mail_date(Timestamp time);

}  // namespace millrace::connect::detail
