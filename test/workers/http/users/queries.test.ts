import { beforeAll, describe, expect, test } from "vitest";
import { outcome } from "../../support/rest.ts";
import { openWorld } from "../../support/world.ts";
import { answered, asDevice, asOwner, PASSWORD, signedUp, type UserRow } from "./user-calls.ts";

beforeAll(() => openWorld({ users: { where: "here" } }));

interface Found {
  results: Partial<UserRow>[];
  count?: number;
}

const query = (where: object, more: Record<string, string> = {}) =>
  `?${new URLSearchParams({ where: JSON.stringify(where), ...more })}`;

describe.each(["/1.1/users", "/1.1/classes/_User"])("[C-05] queries for users at %s", (path) => {
  test("[C-05] users are found by their ids, as each may be seen", async () => {
    const address = () => ({ email: `${crypto.randomUUID()}@example.com` });
    const contact = address();
    const [tom, jerry] = [await signedUp("Tom", contact), await signedUp("Jerry", address())];
    const hidden = await signedUp("Butch", { ACL: {} });
    const ids = [tom, jerry, hidden].map(({ objectId }) => objectId);
    const by = query({ objectId: { $in: [...ids, "65537a0e0000000000000099"] } });
    const found = await answered<Found>(asDevice("GET", path + by, undefined, { session: tom.sessionToken }));
    expect(new Map(found.results.map(({ username, email }) => [username, email]))).toEqual(
      new Map([
        [tom.username, contact.email],
        [jerry.username, undefined],
      ]),
    );
    const [one] = (await answered<Found>(asDevice("GET", path + query({ objectId: jerry.objectId }))))
      .results;
    expect(one).not.toHaveProperty("email");
    expect((await answered<Found>(asOwner("GET", path + by))).results).toHaveLength(3);
  });

  test("[C-05] with the app key nobody lists users, or finds them by name or address", async () => {
    const tom = await signedUp("Tom");
    for (const where of [
      {},
      { username: tom.username },
      { email: "tom@example.com" },
      { mobilePhoneNumber: "1" },
    ]) {
      expect(await outcome(asDevice("GET", path + query(where)))).toBe("403 403");
    }
    expect(await outcome(asDevice("GET", path))).toBe("403 403");
  });

  test("[C-05] the owner finds users by name, and pages through all of them", async () => {
    const [tom] = [await signedUp("Tom"), await signedUp("Jerry"), await signedUp("Butch")];
    const byName = await answered<Found>(
      asOwner("GET", path + query({ username: tom.username }, { count: "1" })),
    );
    expect([byName.results.map(({ objectId }) => objectId), byName.count]).toEqual([[tom.objectId], 1]);
    expect(byName.results[0]).not.toHaveProperty("password");
    const all: (string | undefined)[] = [];
    for (let skip = 0; ; skip += 2) {
      const { results, count } = await answered<Found>(
        asOwner("GET", `${path}?limit=2&skip=${skip}&count=1`),
      );
      all.push(...results.map(({ objectId }) => objectId));
      if (results.length < 2) {
        expect(new Set(all).size).toBe(count);
        break;
      }
    }
    expect(all).toContain(tom.objectId);
  });

  test.each([
    ["two fields", { username: "Tom", email: "tom@example.com" }],
    ["a column of the app's", { nickname: "cat" }],
    ["a password", { password: PASSWORD }],
    ["an operator that is not served", { username: { $regex: "^T" } }],
    ["values that are no texts", { objectId: { $in: [1] } }],
    ["more than a thousand values", { objectId: { $in: Array(1_001).fill("x") } }],
  ])("[C-05] a query for users by %s is refused, and not answered with all of them", async (_, where) => {
    expect(await outcome(asOwner("GET", path + query(where)))).toBe("400 102");
  });
});

test("[C-05] a query for many ids comes in a batch, as JavaScript sends it", async () => {
  const tom = await signedUp("Tom");
  const where = { objectId: { $in: [tom.objectId, ...Array.from({ length: 200 }, (_, at) => `id${at}`)] } };
  const part = { method: "GET", path: "/1.1/classes/_User", params: { where } };
  const [found] = await answered<{ success: Found }[]>(asDevice("POST", "/1.1/batch", { requests: [part] }));
  expect(found?.success.results.map(({ objectId }) => objectId)).toEqual([tom.objectId]);
});

test("[C-05] old SDKs log in by a query", async () => {
  const tom = await signedUp("Tom");
  const by = (password: string) => `/1.1/login?${new URLSearchParams({ username: tom.username, password })}`;
  expect((await answered(asDevice("GET", by(PASSWORD)))).sessionToken).toBe(tom.sessionToken);
  expect(await outcome(asDevice("GET", by("wrong")))).toBe("400 210");
});
