import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, tomAndJerry } from "./tom-and-jerry.ts";
import { eventually, next, record } from "./waiting.ts";

const app = useTestApp();

describe.each(sdks)("the JavaScript SDK $version, changes while away", (sdk) => {
  test("[B-08] [B-07] [B-18] a client that was away gets new members, members who left and new names, in order", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk);
    const [mary, spike] = [app().named("Mary"), app().named("Spike")];
    await goOffline(jerry, tom);
    await chat.add([mary]);
    await chat.set("name", "without Jerry").set("attr.mood", "good").save();
    await chat.add([spike]);
    await chat.remove([mary]);

    const told: unknown[] = [];
    jerry.client.on("membersjoined", ({ members, invitedBy }, { id }) =>
      told.push(["+", members, invitedBy, id]),
    );
    jerry.client.on("membersleft", ({ members, kickedBy }, { id }) =>
      told.push(["-", members, kickedBy, id]),
    );
    jerry.client.on("conversationinfoupdated", ({ attributes, updatedBy }, { id }) =>
      told.push(["=", attributes, updatedBy, id]),
    );
    await comeBack(jerry);
    await eventually(
      () => told.length,
      (count) => count >= 4,
    );
    expect(told).toEqual([
      ["+", [mary], tom.id, chat.id],
      ["=", { name: "without Jerry", "attr.mood": "good" }, tom.id, chat.id],
      ["+", [spike], tom.id, chat.id],
      ["-", [mary], tom.id, chat.id],
    ]);
    expect(view.name).toBe("without Jerry");
    expect(view.members.toSorted()).toEqual([tom.id, jerry.id, spike].toSorted());
  });

  test("[B-08] a client that was removed while away gets that, with the member who did it", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk);
    await goOffline(jerry, tom);
    await chat.remove([jerry.id]);
    const told = [next(jerry.client, "kicked"), next(view, "kicked")] as const;
    await comeBack(jerry);
    const [[payload, where]] = [await told[0], await told[1]];
    expect(payload).toEqual({ kickedBy: tom.id });
    expect(where.id).toBe(chat.id);
    expect(view.members).toEqual([tom.id]);
  });

  test("[B-08] a client that was invited while away gets that, with the inviter, and no other change", async () => {
    const { tom, jerry } = await tomAndJerry(app(), sdk);
    const chat = await tom.client.createConversation({ members: [app().named("Mary")], name: "secret" });
    await goOffline(jerry, tom);
    await chat.set("name", "still secret").save();
    await chat.add([jerry.id]);
    await chat.set("name", "no secret").save();
    await chat.remove([jerry.id]);
    await chat.set("name", "secret again").save();

    const updates = record(jerry.client, "conversationinfoupdated");
    const invited = next(jerry.client, "invited");
    const kicked = next(jerry.client, "kicked");
    await comeBack(jerry);
    const [payload, where] = await invited;
    expect(payload).toEqual({ invitedBy: tom.id });
    expect(where.id).toBe(chat.id);
    await kicked;
    expect(updates.map(([{ attributes }]) => attributes)).toEqual([{ name: "no secret" }]);
  });

  test("[B-08] a change that a client received does not come again", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk);
    const told = record(jerry.client, "conversationinfoupdated");
    const rename = (name: string) => chat.set("name", name).save();
    const heard = (count: number) =>
      eventually(
        () => told.map(([{ attributes }]) => attributes.name),
        (names) => names.length >= count,
      );
    await rename("live");
    await heard(1);
    await goOffline(jerry, tom);
    await rename("missed");
    await comeBack(jerry);
    await heard(2);
    await goOffline(jerry, tom);
    await rename("missed again");
    await comeBack(jerry);
    await heard(3);
    await rename("live again");
    expect(await heard(4)).toEqual(["live", "missed", "missed again", "live again"]);
  });

  test("[B-08] more changes than fit into one answer come complete and in order", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk);
    await goOffline(jerry, tom);
    const names = Array.from({ length: 230 }, (_, number) => `name ${number}`);
    for (const name of names) await chat.set("name", name).save();
    const told = record(jerry.client, "conversationinfoupdated");
    await comeBack(jerry);
    await eventually(
      () => told.length,
      (count) => count >= names.length,
    );
    expect(told.map(([{ attributes }]) => attributes.name)).toEqual(names);
  });
});
