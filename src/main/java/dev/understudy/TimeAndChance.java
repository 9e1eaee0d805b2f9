package dev.understudy;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/** Where all rooms get the time and their random numbers from, so that tests can bring their own. */
@Singleton
final class TimeAndChance {
    @Produces
    @Singleton
    static InstantSource clock() {
        return InstantSource.system();
    }

    @Produces
    @Singleton
    static RandomGenerator random() {
        return new SecureRandom();
    }
}
