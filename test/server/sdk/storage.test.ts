import AV from "leancloud-storage";
import { beforeAll, describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import { tomAndJerry } from "./tom-and-jerry.ts";
import { useTown } from "./town.ts";
import { next } from "./waiting.ts";

/* The storage SDK as a server of the app has it, for the messages that it sends by version 1.1. */

const town = useTown();
const asOwner = { useMasterKey: true };

beforeAll(() => {
  AV.init({ ...town().app, masterKey: town().masterKey, serverURL: town().url });
});

function conversation(id: string): AV.Conversation {
  const known = new AV.Conversation("");
  known.id = id;
  return known;
}

describe.each(sdks.slice(0, 1))("[A-08] the JavaScript storage SDK", (sdk) => {
  test("says something in a conversation, and whoever is there hears it", async () => {
    const { tom, jerry, chat, view } = await tomAndJerry(town(), sdk);
    const heard = next(jerry.client, "message");
    const words = { _lctype: -1, _lctext: "come out" };
    await conversation(chat.id).send(tom.id, words, {}, asOwner);
    const [message] = await heard;
    expect(message).toMatchObject({ from: tom.id, text: "come out" });
    expect(await view.queryMessages()).toMatchObject([{ id: message.id, text: "come out" }]);

    const fleeting = next(jerry.client, "message");
    const pushData = { alert: "not yet" };
    await conversation(chat.id).send(tom.id, "typing", { transient: true, pushData }, asOwner);
    expect((await fleeting)[0]).toMatchObject({ content: "typing" });
    expect(await view.queryMessages()).toHaveLength(1);
  });

  test("may not without the master key", async () => {
    const { tom, chat } = await tomAndJerry(town(), sdk);
    await expect(conversation(chat.id).send(tom.id, "hello")).rejects.toMatchObject({ code: 401 });
  });

  test("[B-19] creates a conversation and changes who is in it, and they are told", async () => {
    const { tom, jerry } = await tomAndJerry(town(), sdk);
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
});
