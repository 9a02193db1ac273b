package io.seleucia.chat.session;

import io.seleucia.chat.channel.MessageSizes;
import io.seleucia.chat.message.Command;
import io.seleucia.chat.message.ErrorCode;
import io.seleucia.chat.message.Event;
import io.seleucia.chat.message.Request;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** The calls of one session to methods of the program that runs the server. Runs in the inbound loop. */
final class Calls {
    private static final Logger LOG = System.getLogger(Calls.class.getName());

    private final Replies replies;
    private final Allowance allowance;
    private final Permissions permissions;
    private final Methods methods;
    private final int maxBytes; // of a result

    Calls(LocalSession session, Permissions permissions, SessionContext context) {
        this.replies = session.replies();
        this.allowance = session.allowance();
        this.permissions = permissions;
        this.methods = context.methods();
        this.maxBytes = context.channels().sizes().messageBytes();
    }

    /** Carries out a call, which blocks as the method does. It takes from the quotas of messages, as a signal does. */
    void apply(Request request, Command.Call call) {
        long size = MessageSizes.bytes(call.content());
        if (allowance.take(request, now -> allowance.source().send(size, now))) {
            replies.reply(request, fitting(call, methods.call(permissions.user(), call)));
        }
    }

    /** Returns the reply, or a failure if it is larger than a message may be: the client's queue must not overflow by it. */
    private Event.Reply fitting(Command.Call call, Event.Reply reply) {
        if (!(reply instanceof Event.Result result) || MessageSizes.bytes(result.content()) <= maxBytes) {
            return reply;
        }
        LOG.log(Level.ERROR, "the result of {0} is larger than a message may be: {1} bytes", call.method(), maxBytes);
        return new Event.Failed(ErrorCode.INTERNAL, "the result is larger than a message may be");
    }
}
