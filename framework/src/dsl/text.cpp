#include "millrace/dsl/detail/text.hpp"

#include <boost/core/demangle.hpp>
#include <fstream>
#include <iostream>
#include <mutex>

#include "millrace/common/errors.hpp"

namespace millrace::detail {

std::string type_name(const std::type_info& type) { return boost::core::demangle(type.name()); }

void print_line(const std::string& path, const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (path.empty()) {
    std::cout << line << '\n' << std::flush;
    return;
  }
  std::ofstream file(path, std::ios::app);
  file << line << '\n';
  if (!file.flush()) throw StreamsException("print: cannot write to file '" + path + "'");
}

}  // namespace millrace::detail
