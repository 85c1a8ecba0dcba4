import { expect, test } from "vitest";
import { SOCKETS_BEFORE_LOGIN_PER_ADDRESS } from "../../../../src/bounds.ts";
import { SocketsBeforeLogin } from "../../../../src/gateway/limits/sockets-before-login.ts";

/** So many sockets of an address, each with what lets it go. */
function flood(unopened: SocketsBeforeLogin, address: string, count: number) {
  return Array.from({ length: count }, () => unopened.enter(address));
}

test("[I13] an address may have a limited number of sockets without a login, and other addresses are not affected", () => {
  const unopened = new SocketsBeforeLogin();
  const sockets = flood(unopened, "8.8.8.8", SOCKETS_BEFORE_LOGIN_PER_ADDRESS);
  expect(sockets).not.toContain(undefined);
  expect(unopened.enter("8.8.8.8")).toBeUndefined();
  expect(unopened.enter("8.8.4.4")).toBeDefined();
});

test("a socket that is logged in on or closed makes room for exactly one other", () => {
  const unopened = new SocketsBeforeLogin();
  const [first] = flood(unopened, "8.8.8.8", SOCKETS_BEFORE_LOGIN_PER_ADDRESS);
  first?.();
  first?.();
  expect(unopened.enter("8.8.8.8")).toBeDefined();
  expect(unopened.enter("8.8.8.8")).toBeUndefined();
});

test("the IPv6 network of one customer counts as one address", () => {
  const unopened = new SocketsBeforeLogin();
  for (let host = 0; host < SOCKETS_BEFORE_LOGIN_PER_ADDRESS; host += 1) {
    unopened.enter(`2a00:1450:4001:828::${host.toString(16)}`);
  }
  expect(unopened.enter("2a00:1450:4001:828:1::1")).toBeUndefined();
});

test("sockets from this machine or a private network are not counted, since a proxy may stand for many devices", () => {
  const unopened = new SocketsBeforeLogin();
  for (const address of ["127.0.0.1", "10.0.0.1", undefined]) {
    for (let count = 0; count <= SOCKETS_BEFORE_LOGIN_PER_ADDRESS; count += 1) {
      expect(unopened.enter(address)).toBeDefined();
    }
  }
});
