import { describe, expect, test } from "vitest";
import { type Front, senderOf } from "../../../src/gateway/address.ts";

const sent = (front: Front | undefined, headers: Record<string, string>) =>
  senderOf(new Headers(headers), front);

const CONNECTING = "CF-Connecting-IP";
const FORWARDED = "X-Forwarded-For";

describe("the address of a request", () => {
  test("the address of a request on Cloudflare is the one its edge sets, not one that the client forwards", () => {
    const headers = { [CONNECTING]: "198.51.100.1", [FORWARDED]: "6.6.6.6" };
    expect(sent(undefined, headers)).toEqual({
      address: "198.51.100.1",
      countedAs: "198.51.100.1",
      provenAs: "198.51.100.1",
    });
  });

  test("the address of a request on a self-hosted server is never one that the client made up", () => {
    const made: Record<string, string> = { [CONNECTING]: "7.7.7.7", [FORWARDED]: "6.6.6.6" };
    for (const headers of [{}, made]) {
      expect(sent({ proxies: 0, onLoopback: true }, headers).address).toBe("127.0.0.1");
      expect(sent({ proxies: 0, onLoopback: false }, headers).address).toBeUndefined();
    }
  });

  test("the address of a request is the one that the owner's proxies wrote, not one that was forwarded to them", () => {
    const headers = { [CONNECTING]: "7.7.7.7", [FORWARDED]: "6.6.6.6, 198.51.100.1, 10.0.0.2" };
    const by = (proxies: number) => sent({ proxies, onLoopback: true }, headers).address;
    expect([by(1), by(2)]).toEqual(["10.0.0.2", "198.51.100.1"]);
  });

  test("the address of a request is this machine's if it passed fewer proxies than are set", () => {
    const sender = sent({ proxies: 2, onLoopback: true }, { [FORWARDED]: "6.6.6.6" });
    expect(sender.address).toBe("127.0.0.1");
  });

  test("the address of a request distinguishes devices for the limits also behind an unknown proxy", () => {
    const headers = { [CONNECTING]: "7.7.7.7", [FORWARDED]: "6.6.6.6, 198.51.100.1" };
    for (const onLoopback of [true, false]) {
      expect(sent({ proxies: 0, onLoopback }, headers).countedAs).toBe("198.51.100.1");
    }
    expect(sent({ proxies: 0, onLoopback: true }, { [CONNECTING]: "7.7.7.7" }).countedAs).toBe("127.0.0.1");
    expect(sent({ proxies: 0, onLoopback: false }, { [CONNECTING]: "7.7.7.7" }).countedAs).toBeUndefined();
  });

  test("the address of a request proves nothing where strangers connect without a proxy", () => {
    const headers = { [CONNECTING]: "7.7.7.7", [FORWARDED]: "6.6.6.6" };
    expect(sent({ proxies: 0, onLoopback: false }, headers).provenAs).toBeUndefined();
    expect(sent({ proxies: 1, onLoopback: false }, headers).provenAs).toBe("6.6.6.6");
    expect(sent({ proxies: 0, onLoopback: true }, headers).provenAs).toBe("6.6.6.6");
  });
});
