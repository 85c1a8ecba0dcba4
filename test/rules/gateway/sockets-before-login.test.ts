import { expect, test } from "vitest";
import { SOCKETS_BEFORE_LOGIN_PER_ADDRESS } from "../../../src/bounds.ts";
import { SocketsBeforeLogin } from "../../../src/gateway/sockets-before-login.ts";

/** So many sockets of an address, each with what lets it go. */
function flood(unopened: SocketsBeforeLogin, address: string, count: number) {
  return Array.from({ length: count }, () => unopened.enter(address));
}

test("[I13] an address may have only so many sockets on which nobody is logged in; others are not concerned", () => {
  const unopened = new SocketsBeforeLogin();
  const sockets = flood(unopened, "8.8.8.8", SOCKETS_BEFORE_LOGIN_PER_ADDRESS);
  expect(sockets).not.toContain(undefined);
  expect(unopened.enter("8.8.8.8")).toBeUndefined();
  expect(unopened.enter("8.8.4.4")).toBeDefined();
});

test("each socket that is logged in on or gone makes room for one, however often it says so", () => {
  const unopened = new SocketsBeforeLogin();
  const [first] = flood(unopened, "8.8.8.8", SOCKETS_BEFORE_LOGIN_PER_ADDRESS);
  first?.();
  first?.();
  expect(unopened.enter("8.8.8.8")).toBeDefined();
  expect(unopened.enter("8.8.8.8")).toBeUndefined();
});

test("of IPv6, what one customer is given counts as one address", () => {
  const unopened = new SocketsBeforeLogin();
  for (let host = 0; host < SOCKETS_BEFORE_LOGIN_PER_ADDRESS; host += 1) {
    unopened.enter(`2a00:1450:4001:828::${host.toString(16)}`);
  }
  expect(unopened.enter("2a00:1450:4001:828:1::1")).toBeUndefined();
});

test("a proxy on this machine or in a private network may stand for everybody", () => {
  const unopened = new SocketsBeforeLogin();
  for (const address of ["127.0.0.1", "10.0.0.1", undefined]) {
    for (let count = 0; count <= SOCKETS_BEFORE_LOGIN_PER_ADDRESS; count += 1) {
      expect(unopened.enter(address)).toBeDefined();
    }
  }
});
