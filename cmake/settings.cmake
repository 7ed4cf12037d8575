# Two interface targets that every module links: how we compile, and what we are warned about.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)

find_program(STOKER_CCACHE ccache)
if(STOKER_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${STOKER_CCACHE})
endif()

add_library(stoker_settings INTERFACE)
target_include_directories(stoker_settings INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(stoker_settings INTERFACE
  FMT_ENFORCE_COMPILE_STRING=0 STOKER_VERSION="${PROJECT_VERSION}"
  $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
target_link_libraries(stoker_settings INTERFACE Threads::Threads)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(stoker_settings INTERFACE -fstack-protector-strong -fPIE)
  target_compile_definitions(stoker_settings INTERFACE _FORTIFY_SOURCE=2)
  target_link_options(stoker_settings INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
if(STOKER_SANITIZE)
  target_compile_options(stoker_settings INTERFACE -fsanitize=${STOKER_SANITIZE} -fno-omit-frame-pointer -g1)
  target_link_options(stoker_settings INTERFACE -fsanitize=${STOKER_SANITIZE})
endif()
if(STOKER_COVERAGE)
  target_compile_options(stoker_settings INTERFACE --coverage)
  target_link_options(stoker_settings INTERFACE --coverage)
endif()

add_library(stoker_warnings INTERFACE)
target_compile_options(stoker_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast
  $<$<CONFIG:Debug>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)
