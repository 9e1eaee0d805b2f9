#include <string_view>

#include "check.h"

// Runs all tests, or those whose names hold the first argument.
int main(int count, char ** arguments) {
    const std::string_view filter = count > 1 ? arguments[1] : "";
    for (const auto & test : check::tests()) {
        if (std::string_view(test.name).find(filter) == std::string_view::npos) continue;
        const int before = check::failures();
        try {
            test.body();
        } catch (const std::exception & e) {
            check::report(test.name, 0, std::string("threw: ") + e.what());
        }
        if (check::failures() > before) std::cerr << "FAILED " << test.name << "\n";
    }
    std::cerr << check::tests().size() << " tests, " << check::failures() << " failures\n";
    return check::failures() == 0 ? 0 : 1;
}
