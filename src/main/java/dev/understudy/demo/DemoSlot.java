package dev.understudy.demo;

import java.time.LocalDate;
import java.time.Month;
import java.time.format.DateTimeFormatter;
import java.time.format.TextStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * A place in a sentence pattern that a value fills. A value is written into the message and into the truth in the same letters, so that no
 * label can be argued about. Each value belongs to one {@link Split}.
 */
enum DemoSlot {
    CITY,
    ITEM,
    /** First and last name, either of which alone tells the half: a held-out name shares neither with a trained one. */
    NAME,
    /** {@code KX-48213}. */
    ORDER_ID,
    /** {@code 12 March}. */
    DATE,
    /** {@code 14:35}, in office hours, by five minutes. */
    TIME,
    QUANTITY,
    AMOUNT,
    EXTENSION;

    private static final int TRIES = 10_000;
    private static final Pattern ORDER_FORM = Pattern.compile("[A-Z]{2}-[1-9][0-9]{4}");
    private static final Pattern TIME_FORM = Pattern.compile("(0[89]|1[0-8]):[0-5][05]");
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM", Locale.ENGLISH);

    /** Its name in patterns, and the name of the argument or field that it becomes. */
    String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether its values are integers in the truth. */
    boolean isInteger() {
        return switch (this) {
            case QUANTITY, AMOUNT, EXTENSION -> true;
            case CITY, ITEM, NAME, ORDER_ID, DATE, TIME -> false;
        };
    }

    /** A value of the given half. */
    String draw(DemoWords words, Split split, RandomGenerator random) {
        return switch (this) {
            case CITY -> pick(words.cities(), split, random);
            case ITEM -> pick(words.items(), split, random);
            case NAME -> pick(words.firstNames(), split, random) + " " + pick(words.lastNames(), split, random);
            case ORDER_ID -> until(split, () -> orderId(random));
            case DATE ->
                until(
                        split,
                        () -> LocalDate.ofYearDay(2027, 1 + random.nextInt(365)).format(DAY));
            case TIME -> until(split, () -> "%02d:%02d".formatted(8 + random.nextInt(11), 5 * random.nextInt(12)));
            case QUANTITY -> until(split, () -> Integer.toString(2 + random.nextInt(98)));
            case AMOUNT -> until(split, () -> Integer.toString(5 + random.nextInt(895)));
            case EXTENSION -> until(split, () -> Integer.toString(1000 + random.nextInt(9000)));
        };
    }

    /** Whether this text is a value of the slot, of either half. */
    boolean holds(DemoWords words, String text) {
        return switch (this) {
            case CITY -> words.cities().contains(text);
            case ITEM -> words.items().contains(text);
            case NAME -> {
                int blank = text.indexOf(' ');
                yield blank > 0
                        && words.firstNames().contains(text.substring(0, blank))
                        && words.lastNames().contains(text.substring(blank + 1));
            }
            case ORDER_ID -> ORDER_FORM.matcher(text).matches();
            case DATE -> isDay(text);
            case TIME -> TIME_FORM.matcher(text).matches();
            case QUANTITY -> isBetween(text, 2, 99);
            case AMOUNT -> isBetween(text, 5, 899);
            case EXTENSION -> isBetween(text, 1000, 9999);
        };
    }

    private static String orderId(RandomGenerator random) {
        return "%c%c-%d".formatted('A' + random.nextInt(26), 'A' + random.nextInt(26), 10_000 + random.nextInt(90_000));
    }

    private static boolean isDay(String text) {
        int blank = text.indexOf(' ');
        if (blank < 1 || !isBetween(text.substring(0, blank), 1, 31)) {
            return false;
        }
        String month = text.substring(blank + 1);
        for (Month candidate : Month.values()) {
            if (candidate.getDisplayName(TextStyle.FULL, Locale.ENGLISH).equals(month)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isBetween(String text, int least, int most) {
        if (text.isEmpty() || text.length() > 4 || text.charAt(0) == '0') {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return false;
            }
        }
        int number = Integer.parseInt(text);
        return number >= least && number <= most;
    }

    private static String pick(Iterable<String> all, Split split, RandomGenerator random) {
        List<String> half = new ArrayList<>();
        for (String value : all) {
            if (Split.of(value) == split) {
                half.add(value);
            }
        }
        return half.get(random.nextInt(half.size()));
    }

    private static String until(Split split, Supplier<String> source) {
        for (int i = 0; i < TRIES; i++) {
            String value = source.get();
            if (Split.of(value) == split) {
                return value;
            }
        }
        throw new IllegalStateException("no value of the half " + split.wire());
    }
}
