import { describe, expect, test } from "vitest";
import { type Front, senderOf } from "../../../src/gateway/address.ts";

const sent = (front: Front | undefined, headers: Record<string, string>) =>
  senderOf(new Headers(headers), front);

const CONNECTING = "CF-Connecting-IP";
const FORWARDED = "X-Forwarded-For";

describe("the address of a request", () => {
  test("is on Cloudflare what its edge says, and nothing that the client forwards", () => {
    const headers = { [CONNECTING]: "198.51.100.1", [FORWARDED]: "6.6.6.6" };
    expect(sent(undefined, headers)).toEqual({ address: "198.51.100.1", countedAs: "198.51.100.1" });
  });

  test("is on one's own box none that the client made up", () => {
    const front = { proxies: 0, onLoopback: true };
    const here = { address: "127.0.0.1", countedAs: "127.0.0.1" };
    expect(sent(front, { [CONNECTING]: "7.7.7.7" })).toEqual(here);
    expect(sent(front, { [CONNECTING]: "127.0.0.1" })).toEqual(here);
    expect(sent(front, {})).toEqual(here);
    expect(sent(front, { [CONNECTING]: "127.0.0.1", [FORWARDED]: "6.6.6.6" }).address).toBe("127.0.0.1");
    const open = { proxies: 0, onLoopback: false };
    expect(sent(open, { [CONNECTING]: "7.7.7.7" }).address).toBeUndefined();
    expect(sent(open, { [CONNECTING]: "7.7.7.7", [FORWARDED]: "6.6.6.6" })).toEqual({
      address: undefined,
      countedAs: "7.7.7.7",
    });
  });

  test("is what the owner's proxies wrote, and not what was forwarded to them", () => {
    const headers = { [CONNECTING]: "7.7.7.7", [FORWARDED]: "6.6.6.6, 198.51.100.1, 10.0.0.2" };
    const by = (proxies: number) => sent({ proxies, onLoopback: true }, headers).address;
    expect([by(1), by(2)]).toEqual(["10.0.0.2", "198.51.100.1"]);
  });

  test("is this machine's where fewer proxies were passed than the owner says there are", () => {
    const sender = sent({ proxies: 2, onLoopback: true }, { [FORWARDED]: "6.6.6.6" });
    expect(sender.address).toBe("127.0.0.1");
  });

  test("tells devices apart for the limits also behind a proxy nobody told of", () => {
    const through = (peer: string) =>
      sent({ proxies: 0, onLoopback: false }, { [CONNECTING]: peer, [FORWARDED]: "6.6.6.6, 198.51.100.1" });
    for (const peer of ["127.0.0.1", "::1", "172.17.0.1", "10.1.2.3", "fd00::1"]) {
      expect(through(peer).countedAs).toBe("198.51.100.1");
    }
    expect(through("203.0.113.9").countedAs).toBe("203.0.113.9");
  });
});
