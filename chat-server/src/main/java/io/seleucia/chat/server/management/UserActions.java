package io.seleucia.chat.server.management;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.seleucia.chat.ChatServer;
import io.seleucia.chat.broker.UnavailableException;
import io.seleucia.chat.message.Names;
import io.seleucia.chat.message.Printable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Lists and changes the accounts of the users file. Changes that shut a person out also revoke the logins of the account, so that
 * its sessions end on all servers. Each change is logged, without passwords. Called by the threads of the management port.
 */
final class UserActions {
    private static final Logger LOG = System.getLogger(UserActions.class.getName());

    private final ChatServer server;
    private final Optional<Users> users;

    /** @param users empty if the server has no users file */
    UserActions(ChatServer server, Optional<Users> users) {
        this.server = server;
        this.users = users;
    }

    private interface Change {
        void apply(Users users, String name) throws IOException, HttpError;
    }

    Map<String, Api.Route> queries() {
        return Map.of("/api/users", this::list);
    }

    Map<String, Api.Route> routes() {
        return Map.of(
                "/api/users/add",
                request -> change(request, "added", false, (file, name) -> file.add(name, password(request))),
                "/api/users/password",
                request -> change(
                        request,
                        "changed the password of",
                        true,
                        (file, name) -> file.setPassword(name, password(request))),
                "/api/users/disable",
                request -> change(request, "disabled", true, (file, name) -> file.setDisabled(name, true)),
                "/api/users/enable",
                request -> change(request, "enabled", false, (file, name) -> file.setDisabled(name, false)),
                "/api/users/remove",
                request -> change(request, "removed", true, Users::remove));
    }

    private Users users() throws HttpError {
        return users.orElseThrow(() -> new HttpError(404, "this server has no users file: set users-file"));
    }

    private static String password(ApiRequest request) throws HttpError {
        return request.neededText("password");
    }

    private JsonElement list(ApiRequest request) throws HttpError {
        String part = Queries.contains(request);
        List<Users.UserEntry> found;
        try {
            found = users().list().stream()
                    .filter(user -> user.name().toLowerCase(Locale.ROOT).contains(part))
                    .toList();
        } catch (IOException e) {
            throw failed(e);
        }
        int offset = Queries.offset(request);
        return Queries.page(
                found.size(),
                offset,
                "users",
                found.stream().skip(offset).limit(Queries.limit(request)).map(UserActions::json));
    }

    private static JsonObject json(Users.UserEntry user) {
        return Json.object(
                "user", user.name(),
                "disabled", user.disabled(),
                "lastLogin", user.lastLogin().map(Instant::toString).orElse(null),
                "lastAddress", user.lastAddress().orElse(null));
    }

    private JsonElement change(ApiRequest request, String done, boolean revokes, Change change) throws HttpError {
        String name = Names.normal(request.neededText("user"));
        try {
            change.apply(users(), name);
        } catch (Users.Refused e) {
            throw new HttpError(400, e.getMessage());
        } catch (IOException e) {
            throw failed(e);
        }
        LOG.log(Level.INFO, "an operator has " + done + " the user " + Printable.line(name));
        return Json.object("done", true, "warning", revokes ? revoke(name).orElse(null) : null);
    }

    private Optional<String> revoke(String name) {
        try {
            server.revoke(name);
            return Optional.empty();
        } catch (UnavailableException e) {
            return Optional.of("the users file is changed, but other servers can't be told to end the sessions: "
                    + "the broker can't be reached; revoke the logins later");
        }
    }

    private static HttpError failed(IOException e) {
        return HttpError.busy("the users file can't be used: " + e.getMessage(), e);
    }
}
