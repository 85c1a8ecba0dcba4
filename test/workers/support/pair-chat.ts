import { named, start } from "../../support/chat.ts";
import type { CommandInit } from "../../support/frames.ts";
import { caughtUp } from "./commands.ts";
import { conversationOf } from "./rest.ts";
import { WorkerdDevice } from "./workerd-device.ts";

/** Clients and conversations for tests that are about something else. */

type Online<Name extends string> = Record<Name, string> & Record<`${Name}s`, WorkerdDevice>;

/** New clients, online on one device each: `{ tom, toms, jerry, jerrys }` are their ids and devices. */
export async function onlineClients<Name extends string>(...names: Name[]): Promise<Online<Name>>;
export async function onlineClients(...names: string[]): Promise<Record<string, string | WorkerdDevice>> {
  const clients: Record<string, string | WorkerdDevice> = {};
  for (const [at, id] of named(...names).entries()) {
    clients[`${names[at]}`] = id;
    clients[`${names[at]}s`] = await WorkerdDevice.of(id);
  }
  return clients;
}

type About = CommandInit["convMessage"];

/** A chat that Tom, who is online, began with Jerry, who has never logged in. */
export async function tomsChat(about: About = {}) {
  const [jerry] = named("jerry");
  const { tom, toms } = await onlineClients("tom");
  const chat = await start(toms, [tom, jerry], { unique: false, ...about });
  return { tom, jerry, toms, chat };
}

/** A chat of Tom and Jerry, both online. */
export async function pairChat(about: About = {}) {
  const clients = await onlineClients("tom", "jerry");
  const chat = await start(clients.toms, [clients.tom, clients.jerry], { unique: false, ...about });
  return { ...clients, chat };
}

/** Tom, Jerry and Mary, logged in and notified of a chat that Tom began with the named members. */
export async function trioChat(members: ("tom" | "jerry" | "mary")[] = ["tom", "jerry"], more: object = {}) {
  const clients = await onlineClients("tom", "jerry", "mary");
  const ids = members.map((name) => clients[name]);
  const chat = await start(clients.toms, ids, { unique: false, ...more });
  for (const name of members) await clients[`${name}s`].push("conv", "members_joined");
  return { ...clients, chat };
}

/**
 * A chat that the app's server made for Tom and Jerry before they came online. Their devices are subscribed to it,
 * unless set otherwise: then they come to it by their first message there.
 */
export async function serverChat(how: "subscribed" | "not subscribed" = "subscribed") {
  const [tom, jerry] = named("tom", "jerry");
  const id = await conversationOf([tom, jerry]);
  const [toms, jerrys] = [await WorkerdDevice.of(tom), await WorkerdDevice.of(jerry)];
  if (how === "subscribed") await caughtUp(id, toms, jerrys);
  return { tom, jerry, toms, jerrys, id };
}

/** "Cheese", a chat that the app's server made for Tom, who came online after that, and Jerry. Spike is no member. */
export async function cheeseChat() {
  const [tom, jerry, spike] = named("tom", "jerry", "spike");
  const id = await conversationOf([tom, jerry], { name: "Cheese", attr: { holes: 3 } });
  const toms = await WorkerdDevice.of(tom);
  await caughtUp(id, toms);
  return { tom, jerry, spike, id, toms };
}
