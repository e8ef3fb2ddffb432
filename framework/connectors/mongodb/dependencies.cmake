# SPDX-License-Identifier: Apache-2.0
# Looks for the MongoDB client: sets `found` and `package`. Read by the build, and by find_package(millrace COMPONENTS mongodb).
pkg_check_modules(MONGOC QUIET IMPORTED_TARGET GLOBAL libmongoc-1.0)
set(found OFF)
if(MONGOC_FOUND)
  set(found ON)
endif()
set(package libmongoc-dev)
