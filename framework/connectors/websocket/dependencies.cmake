# SPDX-License-Identifier: Apache-2.0
# Looks for OpenSSL and Boost.Beast: sets `found` and `package`. Read by the build, and by find_package(millrace
# COMPONENTS websocket). Beast has headers only, and libboost-dev, which the framework needs, has them.
find_package(OpenSSL QUIET)
set(found OFF)
if(OPENSSL_FOUND)
  set(found ON)
endif()
set(package libssl-dev)
