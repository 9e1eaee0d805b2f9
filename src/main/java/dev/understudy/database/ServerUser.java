package dev.understudy.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who runs PostgreSQL. An ordinary user does so itself; PostgreSQL refuses root, so root hands it to the owner of the
 * cluster, else to {@code understudy} where there is such a user, else to {@code nobody}.
 *
 * @param name null: the user of this process
 * @param group its group; empty for the user of this process
 */
record ServerUser(@Nullable String name, String group) {
    private static final List<String> CANDIDATES = List.of("understudy", "nobody");

    /**
     * Finds the user for a cluster.
     *
     * @param cluster its folder, which may be missing yet
     * @throws StoreFailure when nobody fits
     */
    static ServerUser of(Path cluster) throws StoreFailure, IOException, InterruptedException {
        boolean root = Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        String owner = Files.exists(cluster) ? Files.getOwner(cluster).getName() : null;
        if (!root) {
            String self = Files.getOwner(Path.of("/proc/self")).getName();
            if (owner != null && !owner.equals(self)) {
                throw new StoreFailure("the database in " + cluster + " belongs to user " + owner + ", this is " + self
                        + ": start Understudy as " + owner + " or as root, or choose another understudy.data");
            }
            return new ServerUser(null, "");
        }
        List<String> names = owner != null && !owner.equals("root") ? List.of(owner) : CANDIDATES;
        for (String name : names) {
            Command.Result group = Command.run(List.of("id", "-g", name), Path.of("/"));
            if (group.exit() == 0) {
                return new ServerUser(name, group.output());
            }
        }
        throw new StoreFailure("PostgreSQL does not run as root, and this machine has no user "
                + String.join(" or ", names) + ": make one, or start Understudy as an ordinary user");
    }

    /** The command as this user. */
    List<String> command(List<String> command) {
        if (name == null) {
            return command;
        }
        List<String> all = new ArrayList<>(List.of("setpriv", "--reuid=" + name, "--regid=" + group, "--clear-groups"));
        all.addAll(command);
        return all;
    }

    /**
     * The command as this user, in a session of its own, so that Ctrl-C reaches it after us, and interrupted by the
     * kernel when the thread that starts it is gone, even by kill -9. Changing ids clears that wish: it comes last.
     */
    List<String> child(List<String> command) {
        List<String> all = new ArrayList<>(List.of("setsid", "setpriv"));
        if (name != null) {
            all.addAll(List.of("--reuid=" + name, "--regid=" + group, "--clear-groups"));
        }
        all.add("--pdeathsig=INT");
        all.addAll(command);
        return all;
    }

    /** Makes a file or folder this user's own. */
    void own(Path path) throws IOException {
        if (name != null) {
            Files.setOwner(
                    path, path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(name));
        }
    }

    /**
     * Lets this user pass through the data folder, without a look into it.
     *
     * @throws StoreFailure when a folder above keeps it out
     */
    void letThrough(Path data, Path server) throws StoreFailure, IOException, InterruptedException {
        if (name == null) {
            return;
        }
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx--x--x"));
        Command.Result reach = Command.run(
                command(List.of("test", "-x", server.resolve("bin/postgres").toString())), Path.of("/"));
        if (reach.exit() != 0) {
            throw new StoreFailure(
                    "the data folder " + data + " cannot be reached by user " + name
                            + ", who runs PostgreSQL when Understudy is started by root: set understudy.data to a folder"
                            + " outside private ones such as /root (/var/lib/understudy), or start Understudy as an ordinary user");
        }
    }
}
