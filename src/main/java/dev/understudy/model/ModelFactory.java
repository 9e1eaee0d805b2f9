package dev.understudy.model;

/** Makes live models of one sort of card. Beans of this type are found by {@code serve}. */
public interface ModelFactory {
    /** Whether this factory is for such cards. */
    boolean makes(ModelCard card);

    /**
     * Makes the model; slow preparation (weights, downloads) goes on in the background and shows in {@link
     * Model#readiness()}.
     *
     * @param catalogue where a card that names a base finds it
     */
    Model make(ModelCard card, Catalogue catalogue);
}
