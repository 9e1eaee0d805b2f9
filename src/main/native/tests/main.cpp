#include "check.h"

int main() {
    for (const auto & test : check::tests()) {
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
