import { reply } from "./encode.ts";
import { CommandType, OpType } from "./generated/message_pb.js";

/** Replies to `session` commands (wire §4.1), without `peerId`. */
type Serial = number | undefined;

export interface SessionToken {
  token: string;
  /** Seconds. */
  tokenTtl: number;
}

/** Java multiplies seconds by 1000 in 32 bits; a token with a longer life would expire at once (wire §4.1). */
const TOKEN_TTL_MAX = 2_147_483;

export function sessionOpened(serial: Serial, session: SessionToken): Uint8Array {
  return sessionReply(serial, OpType.opened, session);
}

export function sessionRefreshed(serial: Serial, session: SessionToken): Uint8Array {
  return sessionReply(serial, OpType.refreshed, session);
}

/** The client keeps the token that it has. */
export function sessionNotRefreshed(serial: Serial): Uint8Array {
  return reply(serial, { cmd: CommandType.session, op: OpType.refreshed, sessionMessage: {} });
}

function sessionReply(serial: Serial, op: OpType, { token, tokenTtl }: SessionToken): Uint8Array {
  const stTtl = Math.trunc(Math.min(tokenTtl, TOKEN_TTL_MAX));
  return reply(serial, { cmd: CommandType.session, op, sessionMessage: { st: token, stTtl } });
}

/** Never with a code: Java takes one as being kicked (wire §10.1, 21). */
export function sessionClosed(serial: Serial): Uint8Array {
  return reply(serial, { cmd: CommandType.session, op: OpType.closed, sessionMessage: {} });
}

export function onlineClients(serial: Serial, clientIds: string[]): Uint8Array {
  const sessionMessage = { onlineSessionPeerIds: clientIds };
  return reply(serial, { cmd: CommandType.session, op: OpType.query_result, sessionMessage });
}
