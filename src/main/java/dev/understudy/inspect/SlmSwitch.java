package dev.understudy.inspect;

/** Whether people have switched all small models off. {@code policy} knows; asked on the event loop, at every call. */
public interface SlmSwitch {
    /** Always on. */
    SlmSwitch ON = () -> false;

    boolean isOff();
}
