package io.seleucia.chat.server;

import io.seleucia.chat.concurrent.Loop;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.server.management.Users;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The users file as the console changes it. A change is in force on this server when the method returns. One change at a time:
 * those of passwords are computed by a platform thread, so that no carrier of virtual threads is held.
 */
final class OperatorUsers implements Users {
    private final UsersFile file;
    private final Runnable changed;
    private final ReentrantLock changing = new ReentrantLock(); // held during a change: an operator waits for another

    /** @param changed reads the file again */
    OperatorUsers(UsersFile file, Runnable changed) {
        this.file = file;
        this.changed = changed;
    }

    private interface Change {
        void run() throws IOException;
    }

    @Override
    public List<UserEntry> list() throws IOException {
        var logins = file.lastLogins();
        return new TreeMap<>(file.accounts())
                .values().stream()
                        .map(account -> {
                            Optional<LastLogins.LastLogin> last = Optional.ofNullable(logins.get(account.name()));
                            return new UserEntry(
                                    account.name(),
                                    account.disabled(),
                                    last.map(LastLogins.LastLogin::time),
                                    last.map(LastLogins.LastLogin::address));
                        })
                        .toList();
    }

    @Override
    public void add(String name, String password) throws IOException {
        Optional<String> flaw = UsersFile.flawOfName(name);
        if (flaw.isPresent()) {
            throw new Refused(new IOException(flaw.get()));
        }
        change(() -> file.add(Names.normal(name), password));
    }

    @Override
    public void setPassword(String name, String password) throws IOException {
        change(() -> file.setPassword(Names.normal(name), password));
    }

    @Override
    public void setDisabled(String name, boolean disabled) throws IOException {
        change(() -> file.setDisabled(Names.normal(name), disabled));
    }

    @Override
    public void remove(String name) throws IOException {
        change(() -> file.remove(Names.normal(name)));
    }

    private void change(Change change) throws IOException {
        FutureTask<Void> task = new FutureTask<>(() -> {
            change.run();
            return null;
        });
        changing.lock();
        try {
            Thread.ofPlatform().daemon().name("users-change").start(task);
            task.get();
            changed.run();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case UsersFile.Refused refused -> throw new Refused(refused);
                case IOException failed -> throw failed;
                default -> {
                    Loop.passOn(e.getCause());
                    throw new IllegalStateException("changing the users file failed", e.getCause());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the server is shutting down");
        } finally {
            changing.unlock();
        }
    }
}
