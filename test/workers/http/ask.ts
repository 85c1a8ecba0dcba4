import { createExecutionContext } from "cloudflare:test";
import type { AppStub, ClientStub, ConversationStub, Env } from "../../../src/env.ts";
import { type AppOptions, createApp } from "../../../src/http/app.ts";
import { world } from "../support/world.ts";

/** The app itself asks no object; what it does ask of them later belongs in tests of its own. */
const noObjects = {
  getByName(name: string): never {
    throw new Error(`nobody should ask for the object ${name}`);
  },
};

/** A world whose objects answer what they are given here, whatever their name, and nothing else. */
export function answering(objects: {
  clients?: Partial<ClientStub>;
  conversations?: Partial<ConversationStub>;
  app?: Partial<AppStub>;
}): Pick<Env, "CLIENTS" | "CONVERSATIONS" | "APP"> {
  const { clients = {}, conversations = {}, app = {} } = objects;
  return {
    CLIENTS: { getByName: () => ({ ...silent, ...clients }) },
    CONVERSATIONS: { getByName: () => ({ ...silent, ...conversations }) },
    APP: { getByName: () => ({ ...silent, spend: async () => undefined, ...app }) },
  };
}

const unasked = (): Promise<never> => Promise.reject(new Error("nobody should ask this"));

/** Every method of every object, none of which is to be called. */
const silent = {
  ...{ fetch: unasked, deliver: unasked, isOnline: unasked, goAway: unasked, missedNotices: unasked },
  ...{ checkToken: unasked, unreadCount: unasked, kick: unasked, ban: unasked, unban: unasked },
  ...{ start: unasked, describe: unasked, isMember: unasked, catchUp: unasked, will: unasked },
  ...{ members: unasked, addMembers: unasked, removeMembers: unasked, setMuted: unasked, change: unasked },
  ...{ remove: unasked, say: unasked, history: unasked, patch: unasked, deleteMessage: unasked },
  ...{ unread: unasked, spend: unasked, online: unasked, offline: unasked, presence: unasked },
  ...{ archiveBehind: unasked, archiveCaughtUp: unasked, archivedUntil: unasked },
  ...{ keepSettings: unasked, keptSettings: unasked },
};

interface AskOptions extends RequestInit {
  env?: Partial<Env>;
  connect?: AppOptions["connect"];
}

/** Asks the app alone, without a gateway or the page behind it. */
export async function ask(url: string, { env, connect, ...init }: AskOptions = {}): Promise<Response> {
  const app = createApp({ connect: connect ?? (() => new Response("a socket")) });
  return app.fetch(
    new Request(url, init),
    { ...world, CLIENTS: noObjects, CONVERSATIONS: noObjects, ...env },
    createExecutionContext(),
  );
}
