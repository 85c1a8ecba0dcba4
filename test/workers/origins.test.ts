import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { OpType } from "../../src/protocol/generated/message_pb.js";
import { named } from "../support/chat.ts";
import { SECURITY_OFF } from "./support/logins.ts";
import { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, world } from "./support/world.ts";

/** Which web pages may connect (C-11). */

beforeAll(() => openWorld());
afterEach(() => configure({ security: SECURITY_OFF }));

describe("web pages", () => {
  const allowed = "https://chat.example.com";
  beforeEach(() => configure({ security: { origins: [allowed, "http://example.com:8080"] } }));

  async function connects(headers: Record<string, string>): Promise<string> {
    const [tom] = named("tom");
    const device = await WorkerdDevice.connect({ headers });
    device.send({ cmd: "session", op: "open", appId: world.APP_ID, peerId: tom, i: 1 });
    const outcome = await Promise.race([
      device.answer(1).then(({ op }) => OpType[op] ?? ""),
      device.closing().then(({ code, reason }) => `${code} ${reason}`),
    ]);
    device.close();
    return outcome;
  }

  test.each([
    allowed,
    "http://example.com:8080",
    "http://localhost",
    "http://localhost:3000",
    "https://127.0.0.1:8443",
    "http://[::1]:9",
    "capacitor://localhost",
  ])("[C-11] a web page of %s may connect", async (origin) => {
    expect(await connects({ origin })).toBe("opened");
  });

  test.each([
    "http://chat.example.com",
    "https://chat.example.com:8443",
    "https://example.com",
    "https://chat.example.com.evil.example",
    "https://localhost.example.com",
    "https://evil.example/localhost",
    "null",
    "not an origin",
  ])("[C-11] [C-10] a web page of %j is refused with 4110", async (origin) => {
    expect(await connects({ origin })).toBe("4110 INVALID_ORIGIN");
  });

  test("[C-11] a client that is not a web page may connect, and so may any page if none are listed", async () => {
    expect(await connects({})).toBe("opened");
    await configure({ security: { origins: [] } });
    expect(await connects({ origin: "https://anywhere.example" })).toBe("opened");
  });

  test("[wire §2.1] a refused page is answered with its sub-protocol, so that a browser sees the close code", async () => {
    const { response } = await WorkerdDevice.connect({ headers: { origin: "https://evil.example" } });
    expect([response.status, response.headers.get("sec-websocket-protocol")]).toEqual([
      ...[101, "lc.protobuf2.3"],
    ]);
  });
});
