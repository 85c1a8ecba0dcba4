import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { TRIAL } from "../../src/demo-mode.ts";
import { Admin } from "../admin.ts";
import { Refusal } from "../options.ts";
import { gatherAudiences } from "./audiences.ts";
import { chat, createChats, FIRST_CHAT } from "./chats.ts";
import { uploadFiles } from "./files.ts";
import { addDevices, moderate, SETTINGS, WORDS } from "./operations.ts";
import { People } from "./people.ts";

/** The SDK gathers read marks for a second before it sends them (ms). */
const READ_MARKS = 1_300;

/** Those with a socket; the others are written for by the HTTP API. */
const CONNECTED = ["Tom", "Jerry", "Spike", "Tuffy", "小鱼", "阿黄"];

/**
 * Fills an empty server with people who chat: by the HTTP API and by the SDK's sockets, as an app would, so that every
 * number that the server then shows is true. Returns something else, having changed nothing, where the server has a
 * conversation, a device, a ban or a user already: `half filled` if that looks like a demo that was broken off.
 *
 * @param environment has the app's keys
 * @param staying who is not logged out at the end
 */
export async function fillWithDemo(
  server: string,
  environment: NodeJS.ProcessEnv,
  staying: readonly string[],
): Promise<"filled" | "half filled" | "not empty"> {
  const admin = new Admin(server, environment);
  if (!(await isEmpty(admin))) return (await isHalfFilled(admin)) ? "half filled" : "not empty";
  await admin.ask("PATCH", "/admin/settings", SETTINGS);
  await admin.ask("PUT", "/admin/keywords", WORDS);
  const app = {
    appId: environment.APP_ID || TRIAL.APP_ID,
    appKey: environment.APP_KEY || TRIAL.APP_KEY,
    server,
  };
  const [chats, files] = await Promise.all([createChats(admin), uploadFiles(admin)]);
  // Only now: whoever is online is told of a new conversation, and the SDK asks for it at once, as `meet` would.
  const people = await People.logIn(app, CONNECTED);
  await addDevices(admin);
  await Promise.all([chat(admin, people, chats, files), gatherAudiences(admin, people)]);
  await moderate(admin, chats);
  await sleep(READ_MARKS);
  await people.leave(staying);
  return "filled";
}

/** What to tell of a demo that was broken off: who began to use it must not lose anything, so nothing is repaired. */
export const HALF_FILLED =
  "The demo here looks broken off, and is filled into an empty server only: start with another --data folder.";

/** Its first conversations are there, and what it does last is not. */
async function isHalfFilled(admin: Admin): Promise<boolean> {
  const where = JSON.stringify({ name: FIRST_CHAT.name, c: FIRST_CHAT.c });
  const path = `/1.2/rtm/conversations?limit=1&where=${encodeURIComponent(where)}`;
  const { results } = v.parse(Page, await admin.ask("GET", path));
  return results.length > 0 && v.parse(Page, await admin.ask("GET", "/admin/bans")).results.length === 0;
}

const Page = v.object({ results: v.array(v.unknown()) });

async function isEmpty(admin: Admin): Promise<boolean> {
  const has = async (path: string) => {
    return v.parse(Page, await admin.ask("GET", path)).results.length > 0;
  };
  for (const path of ["/1.2/rtm/all-conversations?limit=1", "/1.1/installations?limit=1", "/admin/bans"])
    if (await has(path)) return false;
  return !(await has("/1.1/users?limit=1").catch((error: unknown) => {
    // Users are elsewhere, or switched off.
    if (error instanceof Refusal) return false;
    throw error;
  }));
}
