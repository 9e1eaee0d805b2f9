// What can go wrong, by number: the same numbers as dev.understudy.slm.SlmException.Code.
#pragma once

#include <stdexcept>
#include <string>

namespace slm {

enum class Code : int {
    Invalid = 1,
    ModelLoad = 2,
    Context = 3,
    Overloaded = 4,
    ContextLength = 5,
    Internal = 6,
    Cancelled = 7,
    Closed = 8,
    Deadline = 10,
    Unsupported = 11,
};

// A failure with its number. The message may quote the request: it goes to the caller, never to a log.
class Error : public std::runtime_error {
  public:
    // `retry_ms`: when another try may fare better; 0: nobody can say.
    Error(Code code, const std::string & message, int retry_ms = 0)
        : std::runtime_error(message), code_(code), retry_ms_(retry_ms) {}

    Code code() const { return code_; }
    int retry_ms() const { return retry_ms_; }

  private:
    Code code_;
    int retry_ms_;
};

}  // namespace slm
