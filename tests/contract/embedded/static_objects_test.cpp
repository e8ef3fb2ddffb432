// SPDX-License-Identifier: Apache-2.0
#define BOOST_TEST_DYN_LINK
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>

#include "contract/embedded/embedded_fixture.hpp"

using namespace millrace;
using namespace millrace::contract;

BOOST_AUTO_TEST_SUITE(AnEmbeddedBrokerInAStaticObject)

BOOST_AUTO_TEST_CASE(does_not_abort_at_the_end_of_the_process) {
  for (int run = 0; run < 5; ++run) {
    const TempDir directory;
    const std::string path = (directory.path() / "broker").string();
    const int status = std::system((MILLRACE_STATIC_BROKER " " + path).c_str());
    BOOST_CHECK_MESSAGE(WIFEXITED(status), "ended by signal " << WTERMSIG(status));
    BOOST_CHECK_EQUAL(WEXITSTATUS(status), 0);
    const auto broker = Broker::embedded(path);
    const auto reader = broker->make_consumer({{"isolation.level", "read_committed"}});
    reader->assign({{{"t", 0}, 0}});
    std::vector<ConsumerRecord> records;
    reader->poll(records, 10, kPatience);
    BOOST_REQUIRE(!records.empty());
    BOOST_CHECK(*records[0].value == "flushed");
    BOOST_CHECK_EQUAL(broker->make_admin()->group_offsets("g", kPatience).at({"t", 0}).offset, 1);
  }
}

BOOST_AUTO_TEST_SUITE_END()
