// SPDX-License-Identifier: Apache-2.0
#include "buy_signals/prices/sorted_prices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <tuple>

#include "buy_signals/prices/csv_prices.hpp"

namespace buy_signals {
namespace {

/// Rows of the same day and symbol are in the order of their lines, so that the first line comes first and counts.
bool before(const PriceRow& a, const PriceRow& b) {
  return std::tie(a.day, a.symbol, a.line) < std::tie(b.day, b.symbol, b.line);
}

/// The layout of a row in a temporary file. The symbol's bytes follow. Only this process reads the file.
struct StoredRow {
  std::int64_t day;
  double open, high, low, close, adjusted_close;
  std::int64_t volume;
  std::uint64_t line;
  std::uint32_t symbol_size;
  bool has_adjusted_close;
};

}  // namespace

/// A sorted sequence of rows with a current row.
class SortedPrices::Run {
 public:
  virtual ~Run() = default;
  [[nodiscard]] const PriceRow& current() const { return current_; }
  /// Moves to the next row. Returns false at the end. Must be called before the first current().
  virtual bool advance() = 0;

 protected:
  PriceRow current_;
};

/// The last run, which stays in memory.
class SortedPrices::MemoryRun : public Run {
 public:
  explicit MemoryRun(std::vector<PriceRow> rows) : rows_(std::move(rows)) {}
  bool advance() override {
    if (next_ == rows_.size()) return false;
    current_ = std::move(rows_[next_++]);
    return true;
  }

 private:
  std::vector<PriceRow> rows_;
  std::size_t next_ = 0;
};

/// A run in a temporary file. The file has no name, so the system deletes it even after a crash.
class SortedPrices::FileRun : public Run {
 public:
  explicit FileRun(const std::vector<PriceRow>& rows) : file_(std::tmpfile(), &std::fclose) {
    if (!file_) fail("cannot make a temporary file");
    for (const auto& row : rows) {
      const StoredRow stored{row.day.time_since_epoch().count(),
                             row.open,
                             row.high,
                             row.low,
                             row.close,
                             row.adjusted_close.value_or(0),
                             row.volume,
                             row.line,
                             static_cast<std::uint32_t>(row.symbol.size()),
                             row.adjusted_close.has_value()};
      if (std::fwrite(&stored, sizeof stored, 1, file_.get()) != 1 ||
          std::fwrite(row.symbol.data(), 1, row.symbol.size(), file_.get()) != row.symbol.size()) {
        fail("cannot write to a temporary file");
      }
    }
    if (std::fflush(file_.get()) != 0 || std::fseek(file_.get(), 0, SEEK_SET) != 0) {
      fail("cannot write to a temporary file");
    }
  }

  bool advance() override {
    StoredRow stored{};
    if (std::fread(&stored, sizeof stored, 1, file_.get()) != 1) {
      if (std::ferror(file_.get()) != 0) fail("cannot read a temporary file");
      return false;
    }
    current_.symbol.resize(stored.symbol_size);
    if (std::fread(current_.symbol.data(), 1, stored.symbol_size, file_.get()) != stored.symbol_size) {
      fail("cannot read a temporary file");
    }
    current_.day = std::chrono::sys_days{std::chrono::days{stored.day}};
    current_.open = stored.open;
    current_.high = stored.high;
    current_.low = stored.low;
    current_.close = stored.close;
    current_.volume = stored.volume;
    current_.line = stored.line;
    current_.adjusted_close = stored.has_adjusted_close ? std::optional{stored.adjusted_close} : std::nullopt;
    return true;
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    throw SourceError(fmt::format("{} while sorting a large CSV file: {}", what, std::strerror(errno)));
  }

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
};

SortedPrices::SortedPrices(const std::string& csv_file, RejectListener rejects, std::chrono::sys_days today,
                           std::size_t rows_in_memory)
    : file_(csv_file), short_name_(std::filesystem::path(csv_file).filename().string()), rejects_(std::move(rejects)) {
  CsvPrices csv{csv_file, rejects_, today};
  std::vector<PriceRow> rows;
  for (PriceRow row; csv.next(row); ++rows_) {
    rows.push_back(std::move(row));
    // A full run goes to a temporary file.
    if (rows.size() == rows_in_memory) {
      std::ranges::sort(rows, before);
      heap_.push_back(std::make_unique<FileRun>(rows));
      rows.clear();
    }
  }
  std::ranges::sort(rows, before);
  heap_.push_back(std::make_unique<MemoryRun>(std::move(rows)));
  start_merge();
}

SortedPrices::~SortedPrices() = default;

namespace {
// Standard heaps have the largest element on top. So "later" as the order puts the earliest row on top.
constexpr auto kLater = [](const auto& a, const auto& b) { return before(b->current(), a->current()); };
}  // namespace

void SortedPrices::start_merge() {
  std::erase_if(heap_, [](const auto& run) { return !run->advance(); });
  std::ranges::make_heap(heap_, kLater);
}

std::unique_ptr<SortedPrices::Run> SortedPrices::take_earliest() {
  std::ranges::pop_heap(heap_, kLater);
  auto run = std::move(heap_.back());
  heap_.pop_back();
  return run;
}

bool SortedPrices::next(PriceRow& row) {
  while (!heap_.empty()) {
    auto run = take_earliest();
    row = run->current();
    if (run->advance()) {
      heap_.push_back(std::move(run));
      std::ranges::push_heap(heap_, kLater);
    }
    // Equal keys are next to each other after sorting.
    if (any_ && row.day == last_.day && row.symbol == last_.symbol) {
      if (rejects_) {
        rejects_({fmt::format("{}:{}", short_name_, row.line),
                  fmt::format("{} was given on line {} already", observation_id(row), last_.line)});
      }
      continue;
    }
    last_ = row;
    any_ = true;
    return true;
  }
  return false;
}

}  // namespace buy_signals
