import { expect, test } from "vitest";
import { AccessState } from "../../../src/client/access-state.ts";
import type { ClientServices } from "../../../src/client/client-ports.ts";
import { clientTables } from "../../../src/client/client-tables.ts";
import { type AdmittedLogin, decideLogin } from "../../../src/client/login.ts";
import { Logouts } from "../../../src/client/logouts.ts";
import { Session } from "../../../src/client/session.ts";
import { type SessionClaims, SessionTokens } from "../../../src/client/session-token.ts";
import { Tags } from "../../../src/client/tags.ts";
import type { CommandOf } from "../../../src/protocol/commands.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";
import type { Refused } from "../../../src/protocol/outcome.ts";
import { TemporaryIds } from "../../../src/protocol/temporary-ids.ts";
import { defaultSettings, type Settings } from "../../../src/settings/schema.ts";
import { hmac, stamped } from "../../support/sign.ts";
import { MemorySql } from "../../support/sqlite.ts";

/** What the app's server decides while a login is under way. */

const NOW = 1_700_000_000_123;

/** Something happens while a token is being signed, which takes a while. */
class SlowTokens extends SessionTokens {
  meanwhile: (() => void) | undefined;

  override async issue(claims: SessionClaims, issuedAt: number): Promise<string> {
    const token = await super.issue(claims, issuedAt);
    const { meanwhile } = this;
    this.meanwhile = undefined;
    meanwhile?.();
    return token;
  }
}

/** Tom's object, of an app that wants logins signed. */
function toms() {
  const tables = clientTables(new MemorySql());
  const records = {
    tags: new Tags(tables),
    accessState: new AccessState(tables),
    logouts: new Logouts(tables),
  };
  const tokens = new SlowTokens("app", "key");
  const defaults = defaultSettings(false);
  const settings: Settings = { ...defaults, security: { ...defaults.security, signLogin: true } };
  const notHere = () => Promise.reject(new Error("not here"));
  const services: ClientServices = {
    appId: "app",
    masterKey: "key",
    tokens,
    temporaryIds: new TemporaryIds("app", "key"),
    now: () => NOW,
    settings: async () => settings,
    checkJsonWebToken: notHere,
    limits: notHere,
    start: notHere,
    describe: notHere,
    lagging: notHere,
    copyNow: notHere,
    hasUnique: notHere,
    isMember: notHere,
    writeRefusal: notHere,
    setRefused: notHere,
    catchUp: notHere,
    missedNotices: notHere,
    will: notHere,
    query: notHere,
    hooks: { aboutMessage: notHere, aboutConversation: notHere },
    online: notHere,
    existing: notHere,
    registerClient: notHere,
    conversationsAfter: notHere,
    undiscoveredConversations: notHere,
    unread: notHere,
    reportPresence: notHere,
    publish: notHere,
    retryAfter: () => {},
    roomReturnTime: () => 0,
    returnTime: () => 0,
    deviceState: notHere,
    bindDevice: notHere,
    unbindDevice: notHere,
    unbindEverywhere: notHere,
    isOnConnection: notHere,
    timer: () => () => {},
  };
  const logIn = (how: Partial<CommandOf<"session.open">>): Promise<AdmittedLogin | Refused> => {
    const socket = { send: () => {}, serializeAttachment: () => {} };
    const identity = {
      clientId: "Tom",
      sessionId: "one",
      connectionId: "here",
      mode: catchUpModes.COUNTS,
      address: undefined,
    } as const;
    const session = new Session(socket, identity, { phase: "connecting" });
    const command: CommandOf<"session.open"> = {
      name: "session.open",
      serial: 1,
      appId: "app",
      clientId: "Tom",
      installationId: undefined,
      service: 2,
      needsCheck: true,
      pushes: "never",
      deviceToken: undefined,
      userAgent: undefined,
      reconnect: false,
      tag: undefined,
      deviceId: undefined,
      token: undefined,
      capabilities: undefined,
      lastUnreadTime: undefined,
      lastPatchTime: undefined,
      signature: undefined,
      ...how,
    };
    return decideLogin(session, command, () => [], records, services);
  };
  const sign = (timestamp: number) => {
    const stamp = stamped(timestamp);
    return { signature: hmac("key", `app:Tom::${stamp.timestamp}:${stamp.nonce}`), ...stamp };
  };
  return { ...records, tokens, logIn, sign, signature: sign(NOW) };
}

function tokenOf(outcome: AdmittedLogin | Refused): string {
  if ("refused" in outcome) throw new Error(outcome.refused);
  return outcome.token;
}

test("[X-03] a kick that comes while a signed login is under way refuses it", async () => {
  const { tokens, accessState, logIn, signature } = toms();
  tokens.meanwhile = () => accessState.kick(NOW);
  expect(await logIn({ signature })).toMatchObject({ refused: "SIGNATURE_FAILED" });
});

test("[X-03] a kick that comes while a login by token is under way refuses it", async () => {
  const { tokens, accessState, logIn, signature } = toms();
  const token = tokenOf(await logIn({ signature }));
  tokens.meanwhile = () => accessState.kick(NOW);
  expect(await logIn({ token })).toMatchObject({ refused: "SESSION_TOKEN_EXPIRED" });
});

test("[X-22] a ban that comes while a login is under way refuses it", async () => {
  const { tokens, accessState, logIn, signature } = toms();
  tokens.meanwhile = () => accessState.setBan({ reason: "no cats", at: NOW });
  expect(await logIn({ signature })).toEqual({ refused: "BLACKLISTED", detail: "no cats" });
});

test("[X-03] without signatures, a login during a kick succeeds, with a token from after the kick", async () => {
  const { tokens, accessState, logIn } = toms();
  tokens.meanwhile = () => accessState.kick(NOW);
  const token = tokenOf(await logIn({ needsCheck: false }));
  tokenOf(await logIn({ token, needsCheck: false }));
});

test("[X-03] a login right after a kick, by a newer signature, gets a valid token", async () => {
  const { accessState, logIn, signature } = toms();
  accessState.kick(NOW - 1);
  const token = tokenOf(await logIn({ signature }));
  tokenOf(await logIn({ token }));
});

test("[X-01] the credentials of a frame that the gateway did not mark are not checked", async () => {
  const { logIn } = toms();
  tokenOf(await logIn({ needsCheck: false }));
  expect(await logIn({})).toMatchObject({ refused: "SIGNATURE_FAILED" });
});

test("[C-09] a logout of the device that comes while a login by its token is under way refuses it", async () => {
  const { tokens, logouts, logIn, signature } = toms();
  const token = tokenOf(await logIn({ signature, deviceId: "phone" }));
  tokens.meanwhile = () => logouts.add("phone", NOW);
  expect(await logIn({ token })).toMatchObject({ refused: "SESSION_TOKEN_EXPIRED" });
});

test("[C-09] a login after the logout, within the same millisecond, gets a valid token", async () => {
  const { logouts, logIn, signature } = toms();
  logouts.add("phone", NOW);
  const token = tokenOf(await logIn({ signature, deviceId: "phone" }));
  expect(await logIn({ token, deviceId: "phone" })).toHaveProperty("token");
});

test("[X-03] a client that was kicked logs in at once by a signature in whole seconds", async () => {
  const { accessState, logIn, sign } = toms();
  accessState.kick(NOW);
  const seconds = Math.floor(NOW / 1000);
  const inSeconds = sign(seconds);
  expect(await logIn({ signature: inSeconds })).toHaveProperty("token");
  expect(await logIn({ signature: sign(seconds * 1000) })).toHaveProperty("token");
  expect(await logIn({ signature: sign(NOW - 1) })).toMatchObject({ refused: "SIGNATURE_FAILED" });
  accessState.kick(NOW + 1_000);
  expect(await logIn({ signature: inSeconds })).toMatchObject({ refused: "SIGNATURE_FAILED" });
});
