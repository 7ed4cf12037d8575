// Result<T>: a value or an Error. [[nodiscard]], so that no failure is dropped silently.
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "stoker/base/error.hpp"

namespace stoker {

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
public:
  using tl::expected<T, Error>::expected;
};

using Status = Result<void>;

inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }
inline tl::unexpected<Error> fail(ErrorKind kind, std::string message, int os_errno = 0) {
  return tl::unexpected<Error>(Error(kind, std::move(message), os_errno));
}

// Says on purpose that a result does not matter here, and why.
template <class T>
void ignore(const T& /*result*/, const char* /*reason*/) {}

}  // namespace stoker

#define STOKER_CONCAT_(a, b) a##b
#define STOKER_CONCAT(a, b) STOKER_CONCAT_(a, b)

// TRY(expr): return expr's error from this function, or go on.
#define TRY(expr)                                                              \
  do {                                                                         \
    if (auto stoker_try_result = (expr); !stoker_try_result)                   \
      return ::stoker::fail(std::move(stoker_try_result).error());             \
  } while (false)

// TRY_ASSIGN(auto name, expr): name becomes expr's value, or expr's error is returned.
#define TRY_ASSIGN(declaration, expr)                                          \
  auto STOKER_CONCAT(stoker_try_, __LINE__) = (expr);                          \
  if (!STOKER_CONCAT(stoker_try_, __LINE__))                                   \
    return ::stoker::fail(std::move(STOKER_CONCAT(stoker_try_, __LINE__)).error()); \
  declaration = std::move(*STOKER_CONCAT(stoker_try_, __LINE__))
