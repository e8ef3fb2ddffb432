# SPDX-License-Identifier: Apache-2.0
# Looks for OpenSSL: sets `found` and `package`. Read by the build, and by find_package(millrace COMPONENTS mqtt).
find_package(OpenSSL QUIET)
set(found OFF)
if(OPENSSL_FOUND)
  set(found ON)
endif()
set(package libssl-dev)
