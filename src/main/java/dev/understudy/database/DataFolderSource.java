package dev.understudy.database;

import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import org.eclipse.microprofile.config.inject.ConfigProperty;

/** Hands the data folder of the settings to whoever injects one. */
@Singleton
final class DataFolderSource {
    private final String root;

    DataFolderSource(@ConfigProperty(name = "understudy.data") String root) {
        this.root = root;
    }

    /** The folder that {@code understudy.data} names. */
    @Produces
    @Singleton
    DataFolder dataFolder() throws StoreFailure {
        return DataFolder.open(Path.of(root));
    }
}
