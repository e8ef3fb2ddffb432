// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/prices/csv_prices.hpp"

#include <csv.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <new>
#include <string_view>

namespace buy_signals {
namespace {

/// Our columns, in the order of kColumnNames. The file may have them in any order, see `at_`.
enum Column : std::size_t { kTicker, kDate, kOpen, kHigh, kLow, kClose, kVolume, kAdjustedClose };

constexpr std::array<std::string_view, 8> kColumnNames = {"Ticker", "Date",  "Open",   "High",
                                                          "Low",    "Close", "Volume", "Adj Close"};

/// Compares column names without regard to case.
bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? static_cast<unsigned char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

/// Feeds libcsv one line at a time. None of our fields may contain a line break. So one wrong quote costs one line and
/// not the rest of the file.
class CsvPrices::Parser {
 public:
  Parser() { reset(); }
  ~Parser() { csv_free(&parser_); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Parses one line. Returns the reason if the line is not valid CSV.
  std::optional<std::string> parse(std::string_view line) {
    fields_.clear();
    complete_ = false;
    const auto feed = [this](std::string_view text) {
      return csv_parse(&parser_, text.data(), text.size(), &Parser::on_field, &Parser::on_row, this) == text.size();
    };
    if (!feed(line) || !feed("\n")) {
      std::string reason = csv_strerror(csv_error(&parser_));
      reset();
      return "not proper CSV: " + reason;
    }
    if (!complete_ && !line.empty()) {
      reset();
      return "a quoted field does not end on its line";
    }
    return std::nullopt;
  }

  [[nodiscard]] const std::vector<std::string>& fields() const { return fields_; }

 private:
  void reset() {
    if (initialised_) csv_free(&parser_);
    if (csv_init(&parser_, CSV_STRICT) != 0) throw std::bad_alloc();
    initialised_ = true;
  }

  static void on_field(void* text, std::size_t size, void* self) {
    static_cast<Parser*>(self)->fields_.emplace_back(static_cast<const char*>(text), size);
  }
  static void on_row(int, void* self) { static_cast<Parser*>(self)->complete_ = true; }

  csv_parser parser_{};
  bool initialised_ = false;
  std::vector<std::string> fields_;
  bool complete_ = false;
};

CsvPrices::CsvPrices(const std::filesystem::path& file, RejectListener rejects, std::chrono::sys_days today)
    : name_(file.filename().string()),
      lines_(file),
      rejects_(std::move(rejects)),
      today_(today),
      parser_(std::make_unique<Parser>()) {
  read_header();
}

CsvPrices::~CsvPrices() = default;

void CsvPrices::read_header() {
  std::string_view line;
  if (!lines_.next(line)) throw SourceError(fmt::format("{} is empty; expected a CSV file with a header line", name_));
  // Some editors put a byte order mark at the front of UTF-8 files.
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  if (const auto defect = parser_->parse(line)) throw SourceError(fmt::format("{}:1: {}", name_, *defect));

  const auto& names = parser_->fields();
  columns_ = names.size();
  std::vector<std::string_view> missing;
  for (std::size_t column = 0; column < kColumnNames.size(); ++column) {
    const auto is_it = [&](const std::string& name) { return same_name(name, kColumnNames[column]); };
    const auto found = std::ranges::find_if(names, is_it);
    if (found != names.end()) at_[column] = static_cast<std::size_t>(found - names.begin());
    // All missing columns are collected, so that one message names them all.
    if (found == names.end() && column != kAdjustedClose) missing.push_back(kColumnNames[column]);
    if (std::ranges::count_if(names, is_it) > 1) {
      throw SourceError(fmt::format("{}:1: the column {} is there twice", name_, kColumnNames[column]));
    }
  }
  if (!missing.empty()) {
    throw SourceError(fmt::format("{}:1: no column {}; expected the header {}", name_, fmt::join(missing, ", "),
                                  fmt::join(kColumnNames, ",")));
  }
}

bool CsvPrices::next(PriceRow& row) {
  std::string_view line;
  while (lines_.next(line)) {
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    // Each of these checks costs one line, not the file.
    if (lines_.too_long()) {
      reject(fmt::format("the line is longer than {} bytes", GzipLines::kLongest));
      continue;
    }
    if (auto defect = parser_->parse(line)) {
      reject(std::move(*defect));
      continue;
    }
    if (parser_->fields().size() != columns_) {
      reject(fmt::format("{} fields, but the header has {}", parser_->fields().size(), columns_));
      continue;
    }
    auto checked = check_price({.symbol = field(kTicker),
                                .day = field(kDate),
                                .open = field(kOpen),
                                .high = field(kHigh),
                                .low = field(kLow),
                                .close = field(kClose),
                                .volume = field(kVolume),
                                .adjusted_close = field(kAdjustedClose)},
                               today_);
    if (auto* defect = std::get_if<Defect>(&checked)) {
      reject(std::move(defect->reason));
      continue;
    }
    row = std::move(std::get<PriceRow>(checked));
    row.line = lines_.number();
    return true;
  }
  return false;
}

std::optional<std::string_view> CsvPrices::field(std::size_t column) const {
  if (!at_[column]) return std::nullopt;
  return parser_->fields()[*at_[column]];
}

void CsvPrices::reject(std::string reason) {
  if (rejects_) rejects_({place(lines_.number()), std::move(reason)});
}

std::string CsvPrices::place(std::uint64_t line) const { return fmt::format("{}:{}", name_, line); }

}  // namespace buy_signals
