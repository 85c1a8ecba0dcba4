/** @module-tag java */
import { afterAll, beforeAll, expect, test } from "vitest";
import { useTestApp } from "../sdk/test-app.ts";
import { buildPhone, Phone } from "./phone.ts";

/* Roles, silences and blacklists with the official Java SDK. */

const app = useTestApp({ security: { memberRoles: true, blacklists: true } });

let toms: Phone;
let jerrys: Phone;
beforeAll(async () => {
  await buildPhone();
  const options = { url: app().url, ...app().keys };
  [toms, jerrys] = await Promise.all([Phone.start(options), Phone.start(options)]);
}, 400_000);
afterAll(() => Promise.all([toms?.kill(), jerrys?.kill()]));

/**
 * Tom's conversation with Jerry and Mary, who share a phone. This version shows members an operation only if it is
 * neither theirs nor about them.
 */
async function ownedChat() {
  const tom = await toms.logIn(app().named("Tom"));
  const jerry = await jerrys.logIn(app().named("Jerry"));
  const mary = await jerrys.logIn(app().named("Mary"));
  const { conversation } = await tom.ask("create", { members: [jerry.id, mary.id], name: "Cheese" });
  for (const one of [jerry, mary]) await one.next("invited", (heard) => heard.conversation === conversation);
  return { tom, jerry, mary, conversation };
}

test("[X-11] [X-12] [X-15] with the Java SDK 6.0.5, the owner gives a role, all hear and read it, and the owner cannot leave", async () => {
  const { tom, jerry, conversation } = await ownedChat();
  await expect(
    jerry.ask("giveRole", { conversation, member: jerry.id, role: "MANAGER" }),
  ).rejects.toMatchObject({ code: 4320 });
  await tom.ask("giveRole", { conversation, member: jerry.id, role: "MANAGER" });
  expect(await jerry.next("role")).toMatchObject({ who: [jerry.id, "MANAGER"], by: tom.id });
  expect(await jerry.plain("roles", { conversation })).toEqual([`${jerry.id} MANAGER`]);
  await expect(tom.ask("quit", { conversation })).rejects.toMatchObject({ code: 4324 });
});

test("[X-16] [X-18] with the Java SDK 6.0.5, who is silenced hears it and is not heard", async () => {
  const { tom, jerry, mary, conversation } = await ownedChat();
  expect(await tom.plain("silence", { conversation, members: [jerry.id, tom.id] })).toEqual([
    jerry.id,
    `4320: ${tom.id}`,
  ]);
  expect(await jerry.next("silenced")).toMatchObject({ conversation, by: tom.id });
  expect(await mary.next("membersSilenced")).toMatchObject({ who: [jerry.id], by: tom.id });
  await expect(jerry.say(conversation, "cheese")).rejects.toMatchObject({ code: 4563 });
  await tom.plain("unsilence", { conversation, members: [jerry.id] });
  await jerry.next("unsilenced");
  await jerry.say(conversation, "cheese");
});

test("[X-18] [X-19] with the Java SDK 6.0.5, who is blocked is kicked and cannot join", async () => {
  const { tom, jerry, mary, conversation } = await ownedChat();
  expect(await tom.plain("block", { conversation, members: [jerry.id] })).toEqual([jerry.id]);
  expect(await jerry.next("blocked")).toMatchObject({ conversation, by: tom.id });
  await jerry.next("kicked", (heard) => heard.conversation === conversation);
  expect(await mary.next("membersBlocked")).toMatchObject({ who: [jerry.id], by: tom.id });
  await expect(jerry.ask("join", { conversation })).rejects.toMatchObject({ code: 4548 });
  await tom.plain("unblock", { conversation, members: [jerry.id] });
  await jerry.next("unblocked");
  await jerry.ask("join", { conversation });
});
