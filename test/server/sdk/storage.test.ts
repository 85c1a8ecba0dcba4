import AV from "leancloud-storage";
import { beforeAll, describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { tomAndJerry } from "./tom-and-jerry.ts";
import { next } from "./waiting.ts";

/* The storage SDK as a server of the app has it, for the messages that it sends by version 1.1. */

const app = useTestApp();
const asOwner = { useMasterKey: true };

beforeAll(() => {
  AV.init({ ...app().keys, masterKey: app().masterKey, serverURL: app().url });
});

function conversation(id: string): AV.Conversation {
  const known = new AV.Conversation("");
  known.id = id;
  return known;
}

describe("conversations in the JavaScript storage SDK", () => {
  test("[A-08] the JavaScript storage SDK sends to a conversation, and its members receive it", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(app(), sdk5);
    const heard = next(jerry.client, "message");
    const words = { _lctype: -1, _lctext: "come out" };
    await conversation(chat.id).send(tom.id, words, {}, asOwner);
    const [message] = await heard;
    expect(message).toMatchObject({ from: tom.id, text: "come out" });
    expect(await view.queryMessages()).toMatchObject([{ id: message.id, text: "come out" }]);

    const ephemeral = next(jerry.client, "message");
    const pushData = { alert: "not yet" };
    await conversation(chat.id).send(tom.id, "typing", { transient: true, pushData }, asOwner);
    expect((await ephemeral)[0]).toMatchObject({ content: "typing" });
    expect(await view.queryMessages()).toHaveLength(1);
  });

  test("[A-08] the JavaScript storage SDK cannot send without the master key", async () => {
    const { tom, chat } = await tomAndJerry(app(), sdk5);
    await expect(conversation(chat.id).send(tom.id, "hello")).rejects.toMatchObject({ code: 401 });
  });

  test("[B-19] the JavaScript storage SDK creates a conversation and changes its members, who are notified", async () => {
    const { tom, jerry } = await tomAndJerry(app(), sdk5);
    const invited = next(tom.client, "invited");
    const made = new AV.Conversation("Cheese");
    made.addMember(tom.id);
    await made.save(null, asOwner);
    const id = made.id ?? "";
    const [payload, seen] = await invited;
    expect([payload.invitedBy, seen.id, seen.name]).toEqual(["", id, "Cheese"]);

    const too = next(jerry.client, "invited");
    made.addMember(jerry.id);
    await made.save(null, asOwner);
    expect((await too)[1].id).toBe(id);
    expect((await jerry.client.getConversation(id))?.members.toSorted()).toEqual(
      [jerry.id, tom.id].toSorted(),
    );
  });

  test("[B-19] the JavaScript storage SDK finds, counts and pages conversations, with conditions of any length and without", async () => {
    const name = `Cheese ${crypto.randomUUID()}`;
    const made = [1, 2, 3].map((place) => {
      const row = new AV.Conversation(name);
      row.addMember("Tom");
      row.set("place", place);
      return row;
    });
    await AV.Object.saveAll(made, asOwner);
    const ids = made.map(({ id }) => id ?? "");
    expect(new Set(ids).size).toBe(3);
    const all = () => new AV.Query<AV.Conversation>("_Conversation");
    expect((await all().descending("createdAt").find(asOwner)).map(({ id }) => id)).toEqual(
      expect.arrayContaining(ids),
    );
    expect(await all().count(asOwner)).toBeGreaterThanOrEqual(3);
    const named = () => all().equalTo("name", name).ascending("place");
    expect(await named().count(asOwner)).toBe(3);
    expect(await named().greaterThan("place", 1).count(asOwner)).toBe(2);
    const [rows, count] = await named().limit(2).findAndCount(asOwner);
    expect([rows.map((row) => row.get("place")), count]).toEqual([[1, 2], 3]);
    expect((await named().select("name").first(asOwner))?.id).toBe(ids[0]);

    // Longer than an address may be: the SDK asks by a batch then.
    const strangers = Array.from({ length: 200 }, (_, at) => `65537a0e${String(at).padStart(16, "0")}`);
    const long = () => named().containedIn("objectId", [...ids, ...strangers]);
    expect((await long().find(asOwner)).map(({ id }) => id)).toEqual(ids);
    expect(await long().count(asOwner)).toBe(3);
    await expect(long().find()).rejects.toMatchObject({ code: 401 });
  });

  test("[B-19] the JavaScript storage SDK saves, fetches and destroys several conversations at once", async () => {
    const rows = ["Gouda", "Brie"].map((name) => new AV.Conversation(name));
    await AV.Object.saveAll(rows, asOwner);
    for (const row of rows) row.set("kind", "soft");
    await AV.Object.saveAll(rows, { ...asOwner, fetchWhenSave: true });
    await AV.Object.fetchAll(rows, asOwner);
    expect(rows.map((row) => [row.get("name"), row.get("kind")])).toEqual([
      ["Gouda", "soft"],
      ["Brie", "soft"],
    ]);
    await AV.Object.destroyAll(rows, asOwner);
    const query = new AV.Query("_Conversation").containedIn(
      "objectId",
      rows.map(({ id }) => id ?? ""),
    );
    expect(await query.count(asOwner)).toBe(0);
  });

  test("[B-19] the JavaScript storage SDK changes a conversation only under a condition, and fetches it then", async () => {
    const row = new AV.Conversation("Cheese");
    row.set("holes", 3);
    await row.save(null, asOwner);
    const when = (holes: number) => new AV.Query<AV.Conversation>("_Conversation").equalTo("holes", holes);
    row.increment("holes", -1);
    await row.save(null, { ...asOwner, query: when(3), fetchWhenSave: true });
    expect(row.get("holes")).toBe(2);
    row.increment("holes", -1);
    await expect(row.save(null, { ...asOwner, query: when(3) })).rejects.toMatchObject({ code: 305 });
  });
});
