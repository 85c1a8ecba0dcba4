import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { named, refusal } from "../support/chat.ts";
import type { CommandInit } from "../support/frames.ts";
import { hmac, onTheWire, stamped } from "../support/sign.ts";
import { loggedIn } from "./support/commands.ts";
import { objects } from "./support/objects.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, world } from "./support/world.ts";

/** No object for a login that is refused (I13). */

type Session = NonNullable<CommandInit["sessionMessage"]>;

const OFF = { signLogin: false, jwt: null };
const JWT = { secret: "a secret of thirty-two characters", jwksUrl: null, issuer: null, audience: null };

beforeAll(() => openWorld());
afterEach(() => configure({ security: OFF }));

describe("logins that are refused", () => {
  const refused: [string, object, Session, string][] = [
    ["without the signature that is asked for", { signLogin: true }, {}, "4102"],
    ["with a wrong signature", { signLogin: true }, { s: "00", t: Date.now(), n: "n" }, "4102"],
    ["with a JSON Web Token that nobody signed", { jwt: JWT }, { s: "e30.e30.e30", t: 1, n: "n" }, "4102"],
    ["with a session token that nobody issued", OFF, { st: "e30.e30", r: true }, "4112"],
    ["with a tag too long to keep", OFF, { tag: "x".repeat(1025) }, "4103"],
  ];
  test.each(refused)("a login %s is refused and wakes no object", async (_, security, session, error) => {
    await configure({ security });
    const before = await objects();
    for (const name of named("a", "b", "c", "d", "e")) {
      const device = await WorkerdDevice.connect();
      expect(refusal(await device.login(name, session))).toMatch(error);
      device.close();
    }
    expect(await objects()).toEqual(before);
  });

  test("a login with the token of another client is refused and wakes no object", async () => {
    const [tom, nobody] = named("tom", "nobody");
    const { token: st } = await loggedIn(tom);
    const before = await objects();
    const device = await WorkerdDevice.connect();
    expect(refusal(await device.login(nobody, { st, r: true }))).toMatch("4112");
    expect(await objects()).toEqual(before);
  });

  test("an accepted login wakes only the object of its client", async () => {
    const [tom] = named("tom");
    const before = await objects();
    await WorkerdDevice.of(tom);
    expect(await objects()).toEqual({ ...before, clients: before.clients + 1 });
  });
});

describe("logins that go on being refused", () => {
  test("the fifth unsigned login in a row closes the socket with 4108", async () => {
    await configure({ security: { signLogin: true } });
    const device = await WorkerdDevice.connect();
    for (const name of named("a", "b", "c", "d")) expect(refusal(await device.login(name))).toMatch("4102");
    const [last, next] = named("e", "f");
    expect(refusal(await device.login(last))).toMatch("4102");
    expect((await device.closing()).code).toBe(4108);
    const again = await WorkerdDevice.connect();
    expect(refusal(await again.login(next))).toMatch("4102");
  });

  test("a login that succeeds resets the count of refused logins of its socket", async () => {
    await configure({ security: { signLogin: true } });
    const [tom, ...strangers] = named("tom", "a", "b", "c", "d");
    const device = await WorkerdDevice.connect();
    for (const name of strangers) await device.login(name);
    const stamp = stamped(Date.now());
    const text = `${world.APP_ID}:${tom}::${stamp.timestamp}:${stamp.nonce}`;
    const signed = onTheWire(hmac(world.MASTER_KEY, text), stamp);
    expect((await device.login(tom, signed)).op).toBe(OpType.opened);
    for (const name of strangers) expect(refusal(await device.login(name))).toMatch("4102");
  });

  test("the tokens of a hundred clients on one socket may run out at once", async () => {
    const device = await WorkerdDevice.connect();
    const [one] = named("crowd");
    const crowd = Array.from({ length: 100 }, (_, at) => `${one}${at}`);
    for (const name of crowd)
      expect(refusal(await device.login(name, { st: "e30.e30", r: true }))).toMatch("4112");
    for (const name of crowd.slice(0, 3)) expect((await device.login(name)).op).toBe(OpType.opened);
  });
});
