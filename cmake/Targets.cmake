# The third-party libraries, and how a directory of src/ becomes a library with its tests.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(CURL 7.87 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
pkg_check_modules(NETTLE REQUIRED nettle)

# archive_or_shared(NAME STATIC files, in the order of the linker SHARED library)
#   A library by name and not by path: a program with the property MPC_STATIC takes the files named STATIC, any other
#   the shared library. (The launcher, which is static as a whole, finds the archive by the shared one's name.)
function(archive_or_shared name)
  cmake_parse_arguments(ARG "" "SHARED" "STATIC" ${ARGN})
  add_library(${name} INTERFACE)
  list(TRANSFORM ARG_STATIC PREPEND "-l:")
  target_link_libraries(${name} INTERFACE
    "$<$<BOOL:$<TARGET_PROPERTY:MPC_STATIC>>:${ARG_STATIC}>"
    "$<$<NOT:$<BOOL:$<TARGET_PROPERTY:MPC_STATIC>>>:-l${ARG_SHARED}>")
endfunction()

archive_or_shared(nettle STATIC libnettle.a SHARED nettle)
archive_or_shared(openssl STATIC libcrypto.a SHARED crypto)
archive_or_shared(yaml STATIC libyaml-cpp.a SHARED yaml-cpp)
# With all that Debian's libcurl is made of. The last three are the ones that cannot be archives:
# packaging/shared-libraries says why.
archive_or_shared(curl SHARED curl STATIC
  libcurl.a libnghttp2.a libssh2.a librtmp.a libpsl.a libidn2.a libunistring.a libldap.a liblber.a libssl.a libcrypto.a
  libbrotlidec.a libbrotlicommon.a libzstd.a libz.a libhogweed.a libgmp.a libnettle.a
  libgssapi_krb5.so.2 libgnutls.so.30 libsasl2.so.2)

# Static, so that the bytes of a compressed layer depend on the tool's version and on nothing that the machine has.
pkg_check_modules(COMPRESSORS REQUIRED libdeflate libzstd zlib)
add_library(compressors INTERFACE)
target_link_libraries(compressors INTERFACE -l:libdeflate.a -l:libzstd.a -l:libz.a)

# mpc_library(NAME USES other libraries ...)
#   src/NAME/*.cpp becomes mpc_NAME; src/NAME/*_test.cpp are gathered for the unit tests.
#   USES is the whole of what the directory may use: the arrow of dependencies, checked by the linker.
function(mpc_library name)
  cmake_parse_arguments(ARG "" "" "USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  if(NOT sources)
    return()
  endif()
  add_library(mpc_${name} STATIC ${sources})
  target_link_libraries(mpc_${name} PUBLIC mpc_flags fmt::fmt-header-only)
  foreach(used IN LISTS ARG_USES)
    if(TARGET mpc_${used})
      target_link_libraries(mpc_${name} PUBLIC mpc_${used})
    else()
      target_link_libraries(mpc_${name} PUBLIC ${used})
    endif()
  endforeach()
  set_property(GLOBAL APPEND PROPERTY MPC_UNIT_TESTS ${tests})
  set_property(GLOBAL APPEND PROPERTY MPC_LIBRARIES mpc_${name})
endfunction()
