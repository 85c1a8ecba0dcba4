import { runInDurableObject } from "cloudflare:test";
import { ClientObject } from "../../../src/client/client-object.ts";
import { OpType } from "../../../src/protocol/generated/message_pb.js";
import { refusal } from "../../support/chat.ts";
import type { CommandInit } from "../../support/frames.ts";
import { hmac, onTheWire, signingTime, stamped } from "../../support/sign.ts";
import { WorkerdDevice } from "./workerd-device.ts";
import { world } from "./world.ts";

/** Logins with credentials, and what the app's server does to clients. */

export type Session = NonNullable<CommandInit["sessionMessage"]>;
/** The settings with which every client may log in. */
export const SECURITY_OFF = { signLogin: false, signConversation: false, origins: [], jwt: null };

/** A login signature as an app's server makes it. */
export function loginSigned(clientId: string, timestamp = signingTime(), masterKey = world.MASTER_KEY) {
  const stamp = stamped(timestamp);
  return onTheWire(hmac(masterKey, `${world.APP_ID}:${clientId}::${stamp.timestamp}:${stamp.nonce}`), stamp);
}

/** The answer to a login on a socket of its own: "" for a welcome. */
export async function login(clientId: string, session: Session = {}): Promise<string> {
  const device = await WorkerdDevice.connect();
  const answer = await device.login(clientId, session);
  if (answer.op === OpType.opened) await device.ask({ cmd: "session", op: "close" });
  device.close();
  return refusal(answer);
}

/** What the app's server asks of a client's object over HTTP. */
export function clientObject<Answer>(
  clientId: string,
  ask: (object: ClientObject) => Promise<Answer>,
): Promise<Answer> {
  return runInDurableObject(world.CLIENTS.getByName(clientId), (object) => {
    if (!(object instanceof ClientObject)) throw new Error("no client");
    return ask(object);
  });
}

export const kick = (clientId: string, reason = "enough") =>
  clientObject(clientId, (object) => object.kick(clientId, reason));
