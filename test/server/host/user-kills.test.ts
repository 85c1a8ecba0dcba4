import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { useTestApp } from "../sdk/test-app.ts";

/* Kills of a server while people sign up. */

const app = useTestApp({ users: { where: "here" } });
const KILLS = 4;
const PASSWORD = "gruyère";

interface User {
  objectId: string;
  sessionToken: string;
}

const ask = async (body: object, path = "/1.1/users") =>
  (await app()
    .ask(path, { method: "POST", key: "app", body })
    .catch(() => undefined)) as User | undefined;

test("[I1] [C-05] kills of a server lose no user who was told to be one, and leave no half of one behind", async () => {
  const acknowledged: { authData: object; user: User }[] = [];
  const named: { username: string; user: User }[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    const accounts = Array.from({ length: 40 }, () => ({ anonymous: { id: randomUUID() } }));
    const names = Array.from({ length: 3 }, () => `Tom ${randomUUID()}`);
    const signingUp = [
      ...accounts.map(async (authData) => {
        const user = await ask({ authData });
        if (user !== undefined) acknowledged.push({ authData, user });
      }),
      // Each name twice at once: it may be one user's alone, whatever the kill cut off.
      ...names.flatMap((username) =>
        [1, 2].map(async () => {
          const user = await ask({ username, password: PASSWORD });
          if (user !== undefined) named.push({ username, user });
        }),
      ),
    ];
    await new Promise((resolve) => setTimeout(resolve, 40 + 90 * kill));
    await app().crash();
    await Promise.all(signingUp);
    // What was cut off can be asked for again, and is one user then.
    for (const authData of accounts) {
      const [one, other] = [await ask({ authData }), await ask({ authData })];
      expect(one?.objectId).toBeDefined();
      expect(other).toMatchObject({ objectId: one?.objectId, sessionToken: one?.sessionToken });
    }
    for (const username of names) {
      await ask({ username, password: PASSWORD });
      expect((await ask({ username, password: PASSWORD }, "/1.1/login"))?.objectId).toBeDefined();
    }
  }
  for (const { authData, user } of acknowledged) expect(await ask({ authData })).toMatchObject(only(user));
  for (const { username, user } of named)
    expect(await ask({ username, password: PASSWORD }, "/1.1/login")).toMatchObject(only(user));
  expect(new Set(named.map(({ username }) => username)).size).toBe(named.length);
  // Without one that was cut off and one that was not, the kills proved nothing.
  expect(acknowledged.length).toBeGreaterThan(0);
  expect(acknowledged.length + named.length).toBeLessThan(KILLS * 46);
}, 120_000);

const only = ({ objectId, sessionToken }: User) => ({ objectId, sessionToken });
