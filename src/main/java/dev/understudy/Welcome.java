package dev.understudy;

import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;

/** What a person reads in the terminal once all is up; then it waits for the end. */
final class Welcome implements QuarkusApplication {

    @Override
    public int run(String... words) {
        System.out.println("understudy is up");
        Quarkus.waitForExit();
        return 0;
    }
}
