# SPDX-License-Identifier: Apache-2.0
# The live page needs Boost.Beast and Asio, which have headers only: parts of libboost-dev, which the framework needs
# anyhow. Sets `found` and `package`. Read by the build, and by find_package(millrace COMPONENTS page).
find_path(MILLRACE_BEAST_INCLUDE_DIR boost/beast/http.hpp)
set(found OFF)
if(MILLRACE_BEAST_INCLUDE_DIR)
  set(found ON)
endif()
set(package libboost-dev)
