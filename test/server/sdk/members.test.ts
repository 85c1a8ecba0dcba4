import { describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { pair, three, viewOf } from "./tom-and-jerry.ts";
import { next, record } from "./waiting.ts";

const app = useTestApp();

describe("members of conversations in the JavaScript SDK", () => {
  test("[B-06] [B-07] adding a member notifies the member, the others and the inviter", async () => {
    const [tom, jerry, spike] = await three(app());
    const tyke = app().named("Tyke");
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const view = await viewOf(jerry, chat);
    const invited = next(spike.client, "invited", (_, { id }) => id === chat.id);
    const isThis = ({ members }: { members: string[] }) => members.includes(spike.id);
    const joined = [tom, jerry, spike].map((person) => next(person.client, "membersjoined", isThis));
    const toldView = next(view, "membersjoined", isThis);

    const result = await chat.add([spike.id, tyke]);

    expect(result.successfulClientIds.toSorted()).toEqual([spike.id, tyke].toSorted());
    expect(result.failures).toEqual([]);
    expect((await invited)[0]).toEqual({ invitedBy: tom.id });
    for (const [event] of [...(await Promise.all(joined)), await toldView]) {
      expect({ ...event, members: event.members.toSorted() }).toEqual({
        invitedBy: tom.id,
        members: [spike.id, tyke].toSorted(),
      });
    }
    const everyone = [tom.id, jerry.id, spike.id, tyke].toSorted();
    for (const person of [tom, jerry, spike]) {
      expect((await viewOf(person, chat)).members.toSorted()).toEqual(everyone);
    }
    const received = next(spike.client, "message");
    await view.send(new jerry.sdk.TextMessage("welcome"));
    expect((await received)[0]).toMatchObject({ text: "welcome" });
  });

  test("[B-06] [B-07] removing a member notifies the member, who gets nothing more, and the others", async () => {
    const [tom, jerry, spike] = await three(app());
    const chat = await tom.client.createConversation({ members: [jerry.id, spike.id] });
    const [spikesView, jerrysView] = [await viewOf(spike, chat), await viewOf(jerry, chat)];
    const kicked = [next(spike.client, "kicked"), next(spikesView, "kicked")];
    const left = [tom, jerry].map((person) => next(person.client, "membersleft"));
    const toldSpike = record(spike.client, "message");
    const leftForSpike = record(spike.client, "membersleft");

    const result = await chat.remove([spike.id]);

    expect(result).toMatchObject({ successfulClientIds: [spike.id], failures: [] });
    for (const event of kicked) expect((await event)[0]).toEqual({ kickedBy: tom.id });
    for (const event of left) expect((await event)[0]).toEqual({ kickedBy: tom.id, members: [spike.id] });
    expect(spikesView.members).not.toContain(spike.id);
    expect(jerrysView.members.toSorted()).toEqual([tom.id, jerry.id].toSorted());

    const heard = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("Spike is gone"));
    await heard;
    await expect(spikesView.send(new spike.sdk.TextMessage("am I?"))).rejects.toMatchObject({ code: 4401 });
    await chat.add([spike.id]);
    const back = next(spike.client, "message", (message) => "text" in message && message.text === "back");
    await chat.send(new tom.sdk.TextMessage("back"));
    await back;
    expect(toldSpike).toHaveLength(1);
    expect(leftForSpike).toEqual([]);
  });

  test("[B-06] [B-07] quitting notifies the member who quits and the others", async () => {
    const [tom, jerry] = await pair(app());
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const view = await viewOf(jerry, chat);
    const kicked = next(jerry.client, "kicked");
    const left = next(tom.client, "membersleft");

    await view.quit();

    expect((await kicked)[0]).toEqual({ kickedBy: jerry.id });
    expect((await left)[0]).toEqual({ kickedBy: jerry.id, members: [jerry.id] });
    expect(chat.members).toEqual([tom.id]);
    await expect(view.send(new jerry.sdk.TextMessage("one more thing"))).rejects.toMatchObject({
      code: 4401,
    });
  });

  test("[B-06] the creator of a conversation may quit it", async () => {
    const [tom, jerry] = await pair(app());
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    const left = next(jerry.client, "membersleft");
    await chat.quit();
    expect((await left)[0]).toEqual({ kickedBy: tom.id, members: [tom.id] });
  });

  test("[B-06] [B-07] joining notifies the new member and all others", async () => {
    const [tom, jerry, spike] = await three(app());
    const chat = await tom.client.createConversation({ members: [jerry.id] });
    await viewOf(jerry, chat);
    const view = await viewOf(spike, chat);
    expect(view.members).not.toContain(spike.id);
    const invited = next(spike.client, "invited");
    const isThis = ({ members }: { members: string[] }) => members.includes(spike.id);
    const joined = [tom, jerry, spike].map((person) => next(person.client, "membersjoined", isThis));

    await view.join();

    expect((await invited)[0]).toEqual({ invitedBy: spike.id });
    for (const event of joined) {
      expect((await event)[0]).toEqual({ invitedBy: spike.id, members: [spike.id] });
    }
    expect(view.members).toContain(spike.id);
    const received = next(spike.client, "message");
    await chat.send(new tom.sdk.TextMessage("hello, Spike"));
    await received;
    const answered = next(tom.client, "message");
    await view.send(new spike.sdk.TextMessage("hello"));
    await answered;
  });

  test("[B-07] every device of a client gets its invitation and removal", async () => {
    const [tom, phone] = await pair(app());
    const laptop = await app().logIn(sdk5, phone.id);
    const invited = [phone, laptop].map((device) => next(device.client, "invited"));
    const chat = await tom.client.createConversation({ members: [phone.id, app().named("Spike")] });
    for (const event of invited) expect((await event)[1].id).toBe(chat.id);

    const kicked = [phone, laptop].map((device) => next(device.client, "kicked"));
    await chat.remove([phone.id]);
    for (const event of kicked) expect((await event)[0]).toEqual({ kickedBy: tom.id });
  });
});
