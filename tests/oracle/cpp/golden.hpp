// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace oracle {

/// What Kafka Streams printed for each case of one kind (`describe` or `trace`), by the name of the case. The files are
/// golden/KIND/FAMILY.txt; ../capture.sh writes them. Throws std::runtime_error naming the file if there is no file, if
/// a file does not begin with a case, or if two cases have the same name.
std::map<std::string, std::string> golden(const std::string& kind);

/// The first line in which two texts differ, with the lines before it. Empty if the texts are equal.
std::string difference(const std::string& java, const std::string& cpp);

}  // namespace oracle
