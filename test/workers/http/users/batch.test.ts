import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { configure, openWorld } from "../../support/world.ts";
import { answered, asDevice, named, PASSWORD, signedUp, type UserRow } from "./user-calls.ts";

beforeAll(() => openWorld({ users: { where: "here" } }));
afterEach(() => configure({ users: { where: "here" } }));

type Outcome = { success?: Partial<UserRow>; error?: { code: number } };

const batch = (requests: object[], session?: string) =>
  answered<Outcome[]>(asDevice("POST", "/1.1/batch", { requests }, { session }));
const codes = (outcomes: Outcome[]) => outcomes.map(({ error }) => error?.code);

describe("[C-05] /1.1/batch with users", () => {
  test("[C-05] a batch signs users up and changes the row of the user who sends it, and no other", async () => {
    const tom = await signedUp("Tom");
    const jerry = await signedUp("Jerry");
    const username = named("Butch");
    const outcomes = await batch(
      [
        { method: "POST", path: "/1.1/users", body: { username, password: PASSWORD } },
        { method: "POST", path: "/1.1/users", body: { username, password: PASSWORD } },
        {
          method: "PUT",
          path: `/1.1/classes/_User/${tom.objectId}`,
          body: { lives: 9 },
          params: { fetchWhenSave: true },
        },
        { method: "PUT", path: `/1.1/users/${jerry.objectId}`, body: { lives: 0 } },
        { method: "GET", path: `/1.1/classes/_User/${jerry.objectId}` },
        { method: "DELETE", path: `/1.1/classes/_User/${jerry.objectId}` },
        { method: "DELETE", path: `/1.1/classes/_User/${tom.objectId}?where={}` },
        { method: "POST", path: `/1.1/users/${tom.objectId}`, body: {} },
      ],
      tom.sessionToken,
    );
    expect(codes(outcomes)).toEqual([undefined, 202, undefined, 403, undefined, 403, 1, 105]);
    expect(outcomes[0]?.success).toMatchObject({ username, sessionToken: expect.any(String) });
    expect(outcomes[2]?.success).toMatchObject({ objectId: tom.objectId, lives: 9 });
    expect(outcomes[4]?.success).toMatchObject({ username: jerry.username });
  });

  test("[C-05] /1.1/batch/save, as the Java, Swift and Objective-C SDKs save, changes a user", async () => {
    const tom = await signedUp("Tom");
    const path = `/1.1/classes/_User/${tom.objectId}`;
    const requests = [{ method: "PUT", path, body: { __internalId: tom.objectId, lives: 9 } }];
    const as = { session: tom.sessionToken };
    const saved = await answered<Record<string, object>>(
      asDevice("POST", "/1.1/batch/save", { requests }, as),
    );
    expect(saved[tom.objectId]).toMatchObject({ objectId: tom.objectId });
    expect(await answered(asDevice("GET", path))).toMatchObject({ lives: 9 });
  });

  test("[C-05] a batch has ten users at most, since each may have a password to work on", async () => {
    const part = { method: "POST", path: "/1.1/users", body: { username: "" } };
    await expect(batch(Array(11).fill(part))).rejects.toThrow("400");
    expect(codes(await batch(Array(10).fill(part)))).toEqual(Array(10).fill(200));
  });

  test("[C-05] a batch reaches no user while users are elsewhere", async () => {
    const tom = await signedUp("Tom");
    await configure({ users: { where: "hook" } });
    const part = { method: "PUT", path: `/1.1/users/${tom.objectId}`, body: { lives: 0 } };
    expect(codes(await batch([part], tom.sessionToken))).toEqual([404]);
  });
});
