// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include "common/io_remedy.hpp"

#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <cstring>
#include <string>

#include "support/temp_dir.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

/// The remedy for an error of the operating system, as RocksDB reports it.
std::string remedy(int code, const std::filesystem::path& place) {
  return io_remedy("IO error: While appending to file: /x/000012.log: " + std::string(std::strerror(code)), place);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(IoRemedies)

BOOST_AUTO_TEST_CASE(name_the_full_disk_and_its_room) {
  const TempDir directory;
  // A directory that does not exist yet has the disk of its parent.
  for (const auto& place : {directory.path(), directory.path() / "app" / "0_0"}) {
    for (const int code : {ENOSPC, EDQUOT}) {
      const std::string text = remedy(code, place);
      BOOST_TEST(has(text, "the disk of " + place.string() + " is full ("), text);
      BOOST_TEST(has(text, " bytes are free):"), text);
      BOOST_TEST(has(text, "free some space"), text);
    }
  }
}

BOOST_AUTO_TEST_CASE(name_the_limit_of_open_files) {
  const auto limit = open_files_limit();
  BOOST_REQUIRE(limit.has_value());
  const std::string text = remedy(EMFILE, "/x");
  BOOST_TEST(has(text, "ulimit -n: " + std::to_string(*limit)), text);
  BOOST_TEST(!has(text, "disk"), text);
  BOOST_TEST(has(remedy(ENFILE, "/x"), "fs.file-max"));
}

BOOST_AUTO_TEST_CASE(name_limits_of_size_rights_and_mounts) {
  BOOST_TEST(has(remedy(EFBIG, "/x"), "largest size"));
  BOOST_TEST(has(remedy(EROFS, "/x/state"), "/x/state is on a file system that is read-only"));
  BOOST_TEST(has(remedy(EACCES, "/x/state"), "permissions of /x/state"));
  BOOST_TEST(remedy(EIO, "/x") == "check the disk of /x, then start again");
}

BOOST_AUTO_TEST_CASE(tell_limits_from_damage) {
  for (const int code : {ENOSPC, EDQUOT, EMFILE, ENFILE, EFBIG, EROFS, EACCES}) {
    BOOST_TEST(is_limit("Invalid argument: Found options incompatible with filesystem: IO error: While open a file: " +
                        std::string(std::strerror(code))));
  }
  BOOST_TEST(!is_limit("Corruption: block checksum mismatch"));
  BOOST_TEST(!is_limit("IO error: No such file or directory"));
}

BOOST_AUTO_TEST_SUITE_END()
