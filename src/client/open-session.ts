import * as clientEvents from "../protocol/client-events.ts";
import type { CommandOf } from "../protocol/commands.ts";
import { catchUpModes } from "../protocol/link-controls.ts";
import { eventRecord, replyRecord } from "../protocol/link-records.ts";
import type { Refused } from "../protocol/outcome.ts";
import * as replies from "../protocol/replies.ts";
import * as sessionReplies from "../protocol/session-replies.ts";
import type { ClientParts } from "./client-parts.ts";
import { type AdmittedLogin, decideLogin } from "./login.ts";
import type { Session } from "./session.ts";
import { bindSessionDevice } from "./session-device.ts";
import { TOKEN_LIFETIME } from "./session-token.ts";

/** Carries out a login: decides it, opens the session, and catches it up. */
export async function openSession(
  session: Session,
  command: CommandOf<"session.open">,
  parts: ClientParts,
): Promise<void> {
  const { catchUps, firstLogin, records, services, sessions } = parts;
  const siblings = () => sessions.siblingsOf(session);
  const decided = () => decideLogin(session, command, siblings, records, services);
  let login = await decided();
  if (!("refused" in login) && !firstLogin.isDone) {
    await firstLogin.look(session.identity.clientId, session.broadcasts);
    login = await decided();
  }
  // No await from here to the control record "opened": nothing may be delivered to a session that has not received it.
  if (!sessions.has(session)) return; // it closed meanwhile and must not displace another session
  if ("refused" in login) return refuseLogin(session, command.serial, login);
  const wasOpen = session.isOpen;
  admit(session, command, login, parts);
  // A login on the same socket again is answered, and no catch-up follows (wire §2.6).
  if (wasOpen) return;
  if (session.identity.mode === catchUpModes.MESSAGES) parts.inbox.beginMessagesMode(services.now());
  const asking = catchUps.conversationsFor(session);
  const { capabilities, deviceId } = login.state;
  const room = parts.rooms.returned(deviceId, services.now(), services.roomReturnTime());
  session.sendControl({ type: "opened", asking, capabilities, at: session.openedAt, room });
  await catchUps.run(session, asking);
}

/** Opens the session, in one turn with its reply and with the end of the sessions that it displaces. */
function admit(
  session: Session,
  command: CommandOf<"session.open">,
  { state, tagDecision, token }: AdmittedLogin,
  { devices, lifecycle, records, services, sessions }: ClientParts,
): void {
  lifecycle.expireBrokenSessions();
  // Whether the app counts a broken session as online is not certain: it may have broken with the server.
  const wasOnline = sessions.open.length > 0;
  for (const { rival, sameDevice } of tagDecision.displaced) lifecycle.displace(rival.session, sameDevice);
  const { holder } = tagDecision;
  if (state.tag !== undefined && holder !== undefined) records.tags.take(state.tag, holder);
  const wasOpen = session.isOpen;
  const formerDevice = session.pushDevice;
  session.state = state;
  const { serial } = command;
  reply(session, serial, sessionReplies.sessionOpened(serial, { token, tokenTtl: TOKEN_LIFETIME }));
  if (!wasOpen) lifecycle.opened(session, command, wasOnline);
  // Only a stored session is reported when it ends.
  if (state.announced || state.pushDevice !== undefined) lifecycle.remember(session);
  bindSessionDevice(session, command, formerDevice, devices, services.now());
}

function refuseLogin(session: Session, serial: number | undefined, { refused, detail }: Refused): void {
  if (refused === "INTERNAL_ERROR") return session.sendControl({ type: "undecided" });
  // When Java re-opens a session, it sends no serial, and the only error it handles is that of its token (wire §4.1).
  const endsJava = serial === undefined && (refused === "SESSION_CONFLICT" || refused === "BLACKLISTED");
  const refusal = endsJava
    ? clientEvents.sessionEnded({ error: refused, detail })
    : replies.errorReply(serial, refused, { detail });
  reply(session, serial, refusal);
  if (!session.isOpen) session.sendControl({ type: "ended" });
}

/** Java sends a token without a serial, and expects an answer all the same. */
function reply(session: Session, serial: number | undefined, payload: Uint8Array): void {
  session.send(serial === undefined ? eventRecord(payload) : replyRecord(serial, payload));
}
