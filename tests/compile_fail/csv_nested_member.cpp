#include <optional>
#include <string>
#include <vector>

#include "millrace/serde/csv.hpp"

// A field of CSV is one number, boolean or text.

struct Order {
  std::string id;
#ifdef MILLRACE_MISUSE_list
  std::optional<std::vector<double>> prices;
#else
  std::optional<double> prices;
#endif
};
MILLRACE_JSON(Order, id, prices)

int main() { return millrace::to_csv_string(Order()).empty() ? 1 : 0; }
