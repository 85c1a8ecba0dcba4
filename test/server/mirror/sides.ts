import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach } from "vitest";
import type { MirrorState } from "../../../src/database/mirror-progress.ts";
import type { Server } from "../../support/server.ts";
import { TRIAL_KEYS } from "../moving/commands.ts";
import type { AppData, MessageRecord, Row } from "../support/leancloud/app-data.ts";
import { type HookParameters, LiveApp } from "../support/leancloud/live-app.ts";
import { callAsOwner, configure, ownerHeaders } from "../support/owner.ts";
import { type Servers, useServers } from "../support/servers.ts";

/** An app whose clients are on both sides. */
export interface Sides {
  readonly there: LiveApp;
  readonly servers: Servers;
  /** Starts a server here, with the mirror on. */
  startHere(): Promise<Server>;
}

const nothing = (): AppData => {
  return {
    classes: { _Conversation: [] },
    messages: [],
    subscribers: {},
    broadcasts: {},
    blacklists: {},
    silences: {},
    unread: {},
    files: {},
  };
};

/** Gives each test a stand-in for LeanCloud with the keys of a trial server. */
export function useSides(): Sides {
  const servers = useServers();
  let there = new LiveApp();
  beforeEach(async () => {
    there = new LiveApp(1, { appId: TRIAL_KEYS.APP_ID, masterKey: TRIAL_KEYS.MASTER_KEY });
    there.data = nothing();
    await there.open();
  });
  afterEach(() => there.close());
  return {
    get there() {
      return there;
    },
    servers,
    async startHere() {
      const here = await servers.start();
      await configure(here, { mirror: { server: there.url } });
      return here;
    },
  };
}

let made = 0;

/** A conversation at LeanCloud, which is not here. */
export function conversationAt(there: LiveApp, members: string[]): Row {
  made += 1;
  const row: Row = {
    objectId: `65537a0e${`${made}`.padStart(16, "0")}`,
    m: members,
    c: members[0],
    name: "Cheese",
    createdAt: "2026-06-01T08:00:00.000Z",
    updatedAt: "2026-06-01T08:00:01.000Z",
  };
  there.data.classes._Conversation?.push(row);
  return row;
}

/** The same, and it has been imported. */
export async function sharedConversation(
  there: LiveApp,
  here: { url: string },
  members: string[],
): Promise<string> {
  const row = conversationAt(there, members);
  await callAsOwner(here, "POST", "/admin/import/conversations", { results: [row] });
  return row.objectId;
}

/** What the hook of the app's LeanEngine does, for tests without an engine; returns the last answer. */
export async function callHere(
  here: { url: string },
  parameters: object,
): Promise<{ status: number; body: object }> {
  const response = await fetch(`${here.url}/admin/mirror/messages`, {
    method: "POST",
    headers: ownerHeaders,
    body: JSON.stringify(parameters),
  });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

/** Repeats a call until it is taken, as the hook does. */
export async function callUntilTaken(
  server: () => { url: string },
  parameters: HookParameters,
): Promise<void> {
  for (;;) {
    try {
      const { status } = await callHere(server(), parameters);
      if (status === 200) return;
      if (status < 500) throw new TypeError(`status ${status}`);
    } catch (error) {
      if (error instanceof TypeError && error.message.startsWith("status")) throw error;
    }
    await sleep(100);
  }
}

export const mirrorOf = (here: { url: string }) => callAsOwner<MirrorState>(here, "GET", "/admin/mirror");

/** All messages of a conversation here, oldest first. */
export async function seenHere(here: { url: string }, conversation: string): Promise<MessageRecord[]> {
  const path = `/1.2/rtm/conversations/${conversation}/messages?limit=1000`;
  return (await callAsOwner<MessageRecord[]>(here, "GET", path)).reverse();
}
