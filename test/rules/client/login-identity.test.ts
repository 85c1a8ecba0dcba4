import { expect, test } from "vitest";
import { loginIdentity } from "../../../src/client/login-identity.ts";
import { Session } from "../../../src/client/session.ts";
import type { IssuedClaims } from "../../../src/client/session-token.ts";
import type { CommandOf } from "../../../src/protocol/commands.ts";
import { catchUpModes } from "../../../src/protocol/link-controls.ts";

type Login = Partial<CommandOf<"session.open">>;

const CAN_SHOW_PATCHES = 1; // capability bit 0

function identityOf(login: Login, claims: Partial<IssuedClaims> | undefined = undefined) {
  const socket = { send: () => {}, serializeAttachment: () => {} };
  const identity = {
    clientId: "Tom",
    sessionId: "session 1",
    connectionId: "socket 1",
    mode: catchUpModes.COUNTS,
    address: undefined,
  } as const;
  const command: CommandOf<"session.open"> = {
    name: "session.open",
    serial: 1,
    appId: "app",
    clientId: "Tom",
    installationId: undefined,
    service: 2,
    needsCheck: false,
    pushes: "always",
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
    ...login,
  };
  const issued: IssuedClaims | undefined = claims && {
    clientId: "Tom",
    tag: undefined,
    deviceId: undefined,
    capabilities: undefined,
    generation: 0,
    proven: false,
    issuedAt: 0,
    ...claims,
  };
  return loginIdentity(new Session(socket, identity, { phase: "connecting" }), command, issued);
}

test("[C-12] a device keeps the name in its token, and push uses its newest name", () => {
  const identity = identityOf({ deviceId: "token 2" }, { deviceId: "token 1" });
  expect(identity).toMatchObject({ deviceIds: ["token 1", "token 2"], pushDevice: "token 2" });
});

test("[C-12] the push token of a login comes before the device's other names for push", () => {
  const identity = identityOf({ deviceId: "phone", deviceToken: "push token" });
  expect(identity).toMatchObject({ deviceIds: ["phone"], pushDevice: "push token" });
});

test("a device without any name is called after its session", () => {
  expect(identityOf({})).toMatchObject({ deviceIds: ["session 1"], pushDevice: "session 1" });
});

test("a device that never receives push has no name for it", () => {
  expect(identityOf({ deviceId: "phone", pushes: "never" }).pushDevice).toBeUndefined();
});

test("[D-02] the tag `default` is no tag, and the tag of the token is used instead", () => {
  expect(identityOf({ tag: "default" }).tag).toBeUndefined();
  expect(identityOf({ tag: "default" }, { tag: "mobile" }).tag).toBe("mobile");
});

test("[M-19] the time of the last patch counts only for devices that can show patches", () => {
  const login = { lastPatchTime: 7, lastUnreadTime: 5 };
  expect(identityOf({ ...login, capabilities: CAN_SHOW_PATCHES }).known.patches).toBe(7);
  expect(identityOf({ ...login, capabilities: 0 }).known).toEqual({
    unread: 5,
    reads: 5,
    patches: undefined,
  });
});

test("[Y-19] a device that reconnects without a count reports when it was last connected", () => {
  const login = { lastPatchTime: 7, capabilities: CAN_SHOW_PATCHES };
  expect(identityOf({ ...login, reconnect: true }).known).toEqual({
    unread: undefined,
    reads: 7,
    patches: 7,
  });
  expect(identityOf(login).known.reads).toBeUndefined();
});
