#pragma once

#include <map>
#include <string>

namespace oracle {

/// What Kafka Streams wrote of each case of one kind (`describe` or `trace`), by the name of the case. The files are
/// golden/KIND/FAMILY.txt, written by ../capture.sh. Throws std::runtime_error, naming the file, if there is none, if
/// one does not begin with a case, or if two cases have one name.
std::map<std::string, std::string> golden(const std::string& kind);

/// The first line in which two texts differ, with what stands before it; empty if the texts are equal.
std::string difference(const std::string& java, const std::string& cpp);

}  // namespace oracle
