import { createScheduledController } from "cloudflare:test";
import { beforeAll, expect, test } from "vitest";
import worker from "../../../../src/index.ts";
import { announced, bytesOf, objects, put, uploaded } from "../../support/files.ts";
import { openWorld, world } from "../../support/world.ts";

/** What is done once a day. */

beforeAll(() => openWorld());

const DAY = 24 * 60 * 60_000;
const day = () => worker.scheduled(createScheduledController(), world);

/** As if it had been announced or noted so much earlier. */
const older = (milliseconds: number) =>
  world.DB.batch([
    world.DB.prepare("UPDATE files SET created_at = created_at - ?").bind(milliseconds),
    world.DB.prepare("UPDATE unclaimed_objects SET since = since - ?").bind(milliseconds),
  ]);

test("[B-15] a file that got no bytes goes after a day, and what an upload left in the bucket goes with it", async () => {
  const [kept, awaiting] = [await uploaded(), await announced()];
  await world.FILES?.put("left", "half");
  await world.DB.prepare("INSERT INTO unclaimed_objects VALUES ('left', ?)").bind(Date.now()).run();
  await older(DAY - 60_000);
  await day();
  expect(await objects()).toEqual({ stored: 2, unclaimed: 1 });
  await older(120_000);
  const young = await announced();
  await day();
  expect(await objects()).toEqual({ stored: 1, unclaimed: 0 });
  expect(await bytesOf(kept)).toBe("bytes");
  expect((await put(awaiting, "late")).status).toBe(404);
  expect((await put(young, "in time")).status).toBe(200);
});
