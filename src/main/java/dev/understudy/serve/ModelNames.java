package dev.understudy.serve;

import dev.understudy.model.ListedModel;
import dev.understudy.model.ModelCard;
import java.util.List;

/**
 * The names that a caller may ask for.
 *
 * @param own of the catalogue, in the order of the files
 * @param passed on to upstreams, which say so; none of them twice, none of the catalogue's
 */
record ModelNames(List<ModelCard> own, List<ListedModel> passed) {}
