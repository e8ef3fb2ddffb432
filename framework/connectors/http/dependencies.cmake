# SPDX-License-Identifier: Apache-2.0
# Looks for libcurl: sets `found` and `package`. Read by the build, and by find_package(millrace COMPONENTS http).
pkg_check_modules(CURL QUIET IMPORTED_TARGET GLOBAL libcurl)
set(found OFF)
if(CURL_FOUND)
  set(found ON)
endif()
set(package libcurl4-openssl-dev)
