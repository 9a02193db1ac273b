package io.seleucia.chat.session;

import io.seleucia.chat.auth.User;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;

/** The methods that clients can call. Called by the inbound loops of many sessions at once. */
@FunctionalInterface
public interface Methods {
    /** No methods. */
    Methods NONE = (user, call) -> unknown(call);

    /** Returns the result or the failure of a call. May block. An exception is logged, and the reply is {@code internal}. */
    Event.Reply call(User user, Command.Call call);

    /** Returns the reply to a call of a method that does not exist. */
    static Event.Failed unknown(Command.Call call) {
        return new Event.Failed(ErrorCode.UNKNOWN_TYPE, "there is no method " + call.method());
    }
}
