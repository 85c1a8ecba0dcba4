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

  test("may not without the master key, and is told where conversations are made", async () => {
    const { tom, chat } = await tomAndJerry(town(), sdk);
    await expect(conversation(chat.id).send(tom.id, "hello")).rejects.toMatchObject({ code: 401 });
    const saved = new AV.Conversation("cheese").save(null, asOwner);
    await expect(saved).rejects.toThrow(/see \/1\.2\/rtm\/conversations\) are not served/);
  });
});
