/** @module-tag java */
import { afterEach, beforeAll, expect, test } from "vitest";
import { buildPhone, JavaClient, Phone, type Seen } from "../java/phone.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { type Friends, friends, moved, PASSWORD, UNREAD } from "./friends.ts";

/** Phones with the Java SDK after the move. */

const app = useTestApp({ security: { signLogin: true } });
const { tom, jerry, chat, messages } = friends();
const phones: Phone[] = [];
beforeAll(async () => {
  await buildPhone();
  await moved(app(), [{ tom, jerry, chat, messages }]);
}, 400_000);
afterEach(() => Promise.all(phones.splice(0).map((one) => one.kill())));

/** With the password from LeanCloud. */
async function logIn({ username, objectId }: Friends["tom"]): Promise<JavaClient> {
  const phone = await Phone.start({ url: app().url, ...app().keys });
  phones.push(phone);
  expect(await phone.ask("log in", { username, password: PASSWORD })).toBe(objectId);
  await phone.ask("open as user");
  return new JavaClient(phone, objectId);
}

test("after the move, the Java SDK 6.0.5 logs in, finds its unread count and unique conversation, and pages back", async () => {
  const jerrys = await logIn(jerry);
  expect(await jerrys.next("unread")).toMatchObject({ conversation: chat.objectId, unread: UNREAD });
  const toms = await logIn(tom);
  const { conversation } = await toms.ask("create", { members: [jerry.objectId], unique: true });
  expect(conversation).toBe(chat.objectId);
  const { message } = await toms.say(conversation, "here");
  expect(await jerrys.next("message")).toMatchObject({ conversation, from: tom.objectId, text: "here" });
  const read: Seen[] = [];
  for (let before: string | undefined; read.length < 100; before = read[0]?.message) {
    const page = await toms.list("history", { conversation, limit: 10, before });
    read.unshift(...page);
    if (page.length < 10) break;
  }
  expect(read.map((each) => each.message)).toEqual([...messages.map((each) => each["msg-id"]), message]);
});
