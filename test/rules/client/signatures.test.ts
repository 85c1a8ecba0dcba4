import { describe, expect, test } from "vitest";
import {
  isSignatureValid,
  type Permission,
  verifyMembershipSignature,
} from "../../../src/protocol/signatures.ts";
import { hmac } from "../../support/sign.ts";

const NOW = 1_700_000_000_000;
const HOUR = 60 * 60 * 1000;

const tomsApp = { appId: "appid1", masterKey: "masterKey123", clientId: "Tom" };
const alicesApp = { appId: "demoAppId0001", masterKey: "demoMasterKey0003", clientId: "alice" };
const alicesChat = "65537a0e0000000000000001";

interface Shown {
  app?: typeof tomsApp;
  timestamp?: number;
  nonce?: string;
  now?: number;
}

/** Whether a signature, made at the time of the vectors unless set otherwise, permits a request. */
function allows(permission: Permission, signature: string, shown: Shown = {}): Promise<boolean> {
  const { app = tomsApp, timestamp = NOW, nonce = "n0nce", now = NOW } = shown;
  return isSignatureValid({ ...app, permission, signature: { signature, timestamp, nonce }, now });
}

const login: Permission = { action: "login" };

/** Tom's login at a time in its own unit, signed as documented. */
function tomsLogin(timestamp: number, nonce = "n0nce") {
  return hmac("masterKey123", `appid1:Tom::${timestamp}:${nonce}`);
}

describe("[X-02] the documents' own examples", () => {
  const vectors: [string, typeof tomsApp, Permission, string][] = [
    ["login", tomsApp, login, "dabf6745bc392df7fb19c3f93f88e0e8053de49c"],
    [
      ...(["create", tomsApp] as const),
      { action: "create", members: ["Tom", "Jerry"] },
      "7f864cbc9e73879bf93ffdbd3d70dbb30f0dfdde",
    ],
    [
      ...(["invite", tomsApp] as const),
      { action: "invite", conversationId: "conv1", members: ["Mary", "Jerry"] },
      "b0552541895ef5622026fa0c4d3d017d77bdd964",
    ],
    [
      ...(["block by a conversation", tomsApp] as const),
      { action: "conversation-block-clients", conversationId: "conv1", members: ["Jerry"] },
      "6c66269ca79f82445389b26373ae920916f6be61",
    ],
    ["login", alicesApp, login, "872936aa8124ac10c5f2c046d6402da18c00720c"],
    [
      ...(["create", alicesApp] as const),
      { action: "create", members: ["alice", "bob", "carol"] },
      "300edfe48d3cb3788c9177e6f82e4abf8153e630",
    ],
    [
      ...(["invite", alicesApp] as const),
      { action: "invite", conversationId: alicesChat, members: ["bob", "carol"] },
      "c217936157fcc5134d3410d79e88173b22023351",
    ],
    [
      ...(["history", alicesApp] as const),
      { action: "history", conversationId: alicesChat },
      "49093b4cb27a20df21505134022c8113041cf876",
    ],
    [
      ...(["block by a client", alicesApp] as const),
      { action: "client-block-conversations", conversationId: alicesChat },
      "5859162db0c2e12c80e41566685b27f7a067e213",
    ],
  ];

  test.each(vectors)(
    "[X-02] the documents' example is signed as they say: %s (%o)",
    async (_, app, permission, signature) => {
      expect(await allows(permission, signature, { app })).toBe(true);
      const tampered = signature.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
      expect(await allows(permission, tampered, { app })).toBe(false);
    },
  );
});

describe("a login signature", () => {
  const good = tomsLogin(NOW);

  test("[X-04] a login signature is valid in upper case", async () => {
    expect(await allows(login, good.toUpperCase())).toBe(true);
  });

  test("[X-02] a login signature is valid for no other client, app, time, nonce or key", async () => {
    const others: Shown[] = [
      { app: { ...tomsApp, clientId: "tom" } },
      { app: { ...tomsApp, clientId: "Jerry" } },
      { app: { ...tomsApp, appId: "appid2" } },
      { app: { ...tomsApp, masterKey: "masterKey124" } },
      { timestamp: NOW + 1 },
      { timestamp: NOW / 1000 },
      { nonce: "N0nce" },
      { nonce: "" },
    ];
    for (const shown of others) expect([shown, await allows(login, good, shown)]).toEqual([shown, false]);
  });

  test.each([
    "",
    "x",
    "-",
    good.slice(1),
    `${good}0`,
    ` ${good}`,
    good.replace(/^./, "g"),
    "汤姆",
    "0".repeat(40),
  ])("[X-02] %j is no login signature", async (signature) => {
    expect(await allows(login, signature)).toBe(false);
  });

  test("[I12] a login signature by the empty key of a deployment without keys is invalid", async () => {
    const app = { ...tomsApp, masterKey: "" };
    expect(await allows(login, hmac("", `appid1:Tom::${NOW}:n0nce`), { app })).toBe(false);
  });

  test("[X-02] a login signature is valid from 5 minutes before its time until 6 hours after it", async () => {
    const minute = 60_000;
    const ages: [number, boolean][] = [
      [0, true],
      [6 * HOUR, true],
      [6 * HOUR + 1, false],
      [7 * HOUR, false],
      [-5 * minute, true],
      [-5 * minute - 1, false],
      [-7 * HOUR, false],
    ];
    for (const [age, counts] of ages) {
      expect([age, await allows(login, good, { now: NOW + age })]).toEqual([age, counts]);
    }
  });

  test("[X-04] a login signature may have its time in seconds, and is signed over that number", async () => {
    const seconds = NOW / 1000;
    const bySeconds = tomsLogin(seconds);
    expect(await allows(login, bySeconds, { timestamp: seconds })).toBe(true);
    expect(await allows(login, bySeconds)).toBe(false);
    expect(await allows(login, bySeconds, { timestamp: seconds, now: NOW + 7 * HOUR })).toBe(false);
  });

  test.each([0, -1, 1, -NOW, Number.MAX_SAFE_INTEGER])(
    "[X-02] a login signature of the time %d is stale",
    async (timestamp) => {
      expect(await allows(login, tomsLogin(timestamp), { timestamp })).toBe(false);
    },
  );
});

describe("[X-02] [wire §6] the members of a new conversation", () => {
  const create = (members: string[]): Permission => ({ action: "create", members });
  const signedFor = (list: string) => hmac("masterKey123", `appid1:Tom:${list}:${NOW}:n0nce`);

  test.each([
    ["as they were sent", ["Jerry", "Mary"], "Jerry:Mary"],
    ["as they were sent, the creator among them", ["Mary", "Tom", "Jerry"], "Jerry:Mary:Tom"],
    ["with the creator, whom C# leaves out", ["Jerry", "Mary"], "Jerry:Mary:Tom"],
    ["without the creator, whom it was sent with", ["Tom", "Jerry", "Mary"], "Jerry:Mary"],
    ["nobody, as for a room", ["Tom"], ""],
    ["nobody, and nobody sent", [], ""],
    ["the creator alone", [], "Tom"],
    ["twice, where they were sent twice", ["Jerry", "Jerry"], "Jerry:Jerry"],
    ["once, where they were sent twice", ["Jerry", "Jerry"], "Jerry"],
    ["by code units", ["a", "B", "_", "1"], "1:B:_:a"],
    ["without regard to case", ["a", "B", "c", "D"], "a:B:c:D"],
    ["as C# sorts them", ["1a", "_b", "Ab", "aa"], "_b:1a:aa:Ab"],
  ])("[X-02] [wire §6] the members of a new conversation may be signed %s", async (_, members, list) => {
    expect(await allows(create(members), signedFor(list))).toBe(true);
  });

  test.each([
    ["somebody else", ["Jerry"], "Mary"],
    ["fewer", ["Jerry", "Mary"], "Jerry"],
    ["more", ["Jerry"], "Jerry:Mary"],
    ["in no order", ["Jerry", "Mary", "Spike"], "Mary:Jerry:Spike"],
  ])("[X-02] [wire §6] the members of a new conversation may not be %s", async (_, members, list) => {
    expect(await allows(create(members), signedFor(list))).toBe(false);
  });

  test("[X-02] [I12] a login signature is no signature of a new conversation with other members", async () => {
    expect(await allows(create(["Jerry"]), tomsLogin(NOW))).toBe(false);
    expect(await allows(create(["Tom", "Jerry"]), tomsLogin(NOW))).toBe(false);
  });
});

describe("[X-01] adding and removing", () => {
  const place = { ...tomsApp, conversationId: "conv1", now: NOW };
  const signed = (list: string, action: string, conversation = "conv1") => ({
    signature: hmac("masterKey123", `appid1:Tom:${conversation}:${list}:${NOW}:n0nce:${action}`),
    timestamp: NOW,
    nonce: "n0nce",
  });

  test("[X-01] adding and removing are signed with their operation, members and conversation", async () => {
    const members = ["Mary", "Jerry"];
    const verify = (action: "invite" | "kick", signature: ReturnType<typeof signed> | undefined) =>
      verifyMembershipSignature({ ...place, members, action, signature });
    expect(await verify("invite", signed("Jerry:Mary", "invite"))).toBe(true);
    expect(await verify("kick", signed("Jerry:Mary", "kick"))).toBe(true);
    expect(await verify("kick", signed("Jerry:Mary", "invite"))).toBe(false);
    expect(await verify("invite", signed("Jerry:Mary", "kick"))).toBe(false);
    expect(await verify("invite", signed("Jerry", "invite"))).toBe(false);
    expect(await verify("invite", signed("", "invite"))).toBe(false);
    expect(await verify("invite", signed("Jerry:Mary", "invite", "conv2"))).toBe(false);
    expect(await verify("invite", undefined)).toBe(false);
  });

  test("[X-01] joining and leaving are signed like any other change of members", async () => {
    const verify = (action: "invite" | "kick") =>
      verifyMembershipSignature({ ...place, members: ["Tom"], action, signature: signed("Tom", action) });
    expect([await verify("invite"), await verify("kick")]).toEqual([true, true]);
  });
});

describe("[X-02] the other operations", () => {
  const member = { conversationId: "conv1", members: ["Mary", "Jerry"] };
  const stamp = `${NOW}:n0nce`;
  const cases: [Permission, string[]][] = [
    [{ action: "conversation-block-clients", ...member }, [`Jerry:Mary:${stamp}:conversation-block-clients`]],
    [
      { action: "conversation-unblock-clients", ...member },
      [`Jerry:Mary:${stamp}:conversation-unblock-clients`],
    ],
    [
      { action: "client-block-conversations", conversationId: "conv1" },
      [`:${stamp}:client-block-conversations`],
    ],
    [
      { action: "client-unblock-conversations", conversationId: "conv1" },
      [`:${stamp}:client-unblock-conversations`],
    ],
    // The text and a sample disagree about the order (http-api §15, 2).
    [{ action: "history", conversationId: "conv1" }, [`n0nce:${NOW}`, stamp]],
  ];

  test("[X-02] each other operation is signed with its own name", async () => {
    for (const [permission, texts] of cases) {
      for (const [other, theirs] of cases) {
        for (const text of theirs) {
          const signature = hmac("masterKey123", `appid1:Tom:conv1:${text}`);
          const own = permission === other;
          expect([permission.action, text, await allows(permission, signature)]).toEqual([
            ...[permission.action, text, own],
          ]);
        }
      }
      expect(texts.length).toBeGreaterThan(0);
    }
  });
});

describe("a signature that could be read two ways", () => {
  test("[X-01] a signature for an id with colons does not log in the client whose id it begins with", async () => {
    const text = `appid1:Tom::${NOW}:x::${NOW}:n0nce`; // what the id `Tom::<time>:x` signs
    const signature = hmac("masterKey123", text);
    expect(await allows(login, signature, { nonce: `x::${NOW}:n0nce` })).toBe(false);
    const app = { ...tomsApp, clientId: `Tom::${NOW}:x` };
    expect(await allows(login, signature, { app })).toBe(true);
  });

  test("[X-01] a signature has no colon in its nonce", async () => {
    for (const nonce of [":", "a:b", ":n0nce", "n0nce:"]) {
      expect(await allows(login, tomsLogin(NOW, nonce), { nonce })).toBe(false);
    }
  });

  test("[X-01] a signature of history with a nonce of digits is valid only in the documented order", async () => {
    const conversationId = "5f3c1c0b2d2f4a0001a1b2c3";
    const history: Permission = { action: "history", conversationId };
    const [old, digits] = [1_600_000_000_000, String(NOW)];
    const place = `appid1:Tom:${conversationId}`;
    const documented = hmac("masterKey123", `${place}:${digits}:${NOW}`);
    expect(await allows(history, documented, { nonce: digits })).toBe(true);
    // Made long ago in the other order: its nonce would be taken for a time.
    const stale = hmac("masterKey123", `${place}:${old}:${digits}`);
    expect(await allows(history, stale, { nonce: digits, timestamp: old })).toBe(false);
  });
});
