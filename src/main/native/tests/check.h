// A test program without a library: TEST defines one, CHECK and CHECK_EQ say what did not hold.
#pragma once

#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace check {

struct Test {
    const char * name;
    std::function<void()> body;
};

inline std::vector<Test> & tests() {
    static std::vector<Test> all;
    return all;
}

inline int & failures() {
    static int count = 0;
    return count;
}

struct Register {
    Register(const char * name, std::function<void()> body) { tests().push_back({name, std::move(body)}); }
};

inline void report(const char * file, int line, const std::string & what) {
    std::cerr << file << ":" << line << ": " << what << "\n";
    failures()++;
}

template <class T>
std::string show(const T & value) {
    if constexpr (std::is_convertible_v<T, std::string>) {
        return "\"" + std::string(value) + "\"";
    } else if constexpr (std::is_same_v<T, std::string_view>) {
        return "\"" + std::string(value) + "\"";
    } else {
        return std::to_string(value);
    }
}

}  // namespace check

#define TEST(name)                                               \
    static void name();                                          \
    static const check::Register registered_##name(#name, name); \
    static void name()

#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition)) check::report(__FILE__, __LINE__, "not: " #condition); \
    } while (false)

#define CHECK_EQ(actual, expected)                                                                              \
    do {                                                                                                        \
        const auto check_actual = (actual);                                                                     \
        const decltype(check_actual) check_expected = (expected);                                               \
        if (!(check_actual == check_expected)) {                                                                \
            check::report(__FILE__, __LINE__,                                                                   \
                          #actual " is " + check::show(check_actual) + ", not " + check::show(check_expected)); \
        }                                                                                                       \
    } while (false)

#define CHECK_THROWS(expression, number)                                                                  \
    do {                                                                                                  \
        bool check_thrown = false;                                                                        \
        try {                                                                                             \
            (void)(expression);                                                                           \
        } catch (const slm::Error & e) {                                                                  \
            check_thrown = e.code() == (number);                                                          \
        }                                                                                                 \
        if (!check_thrown) check::report(__FILE__, __LINE__, "does not throw " #number ": " #expression); \
    } while (false)
