import { beforeAll, expect, test } from "vitest";
import { listBans, removeBans, saveBans } from "../../../src/database/bans.ts";
import { database } from "../support/world.ts";

let db: D1Database;
beforeAll(async () => {
  db = await database();
});

test("[X-22] bans are listed page by page, with the last ban of each client", async () => {
  const noisy = ["tom", "spike", "tyke"].map((clientId) => ({ clientId, reason: "noise", at: 1_000 }));
  await saveBans(db, noisy);
  await saveBans(db, [{ clientId: "tom", reason: "more noise", at: 2_000 }]);
  const first = await listBans(db, { after: undefined, limit: 2 });
  expect(first).toEqual([
    { clientId: "spike", reason: "noise", at: 1_000 },
    { clientId: "tom", reason: "more noise", at: 2_000 },
  ]);
  expect(await listBans(db, { after: "tom", limit: 2 })).toMatchObject([{ clientId: "tyke" }]);
  await removeBans(db, ["tom"]);
  await removeBans(db, ["tom"]);
  const rest = await listBans(db, { after: undefined, limit: 10 });
  expect(rest.map(({ clientId }) => clientId)).toEqual(["spike", "tyke"]);
});
