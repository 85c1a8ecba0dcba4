import { beforeAll, describe, expect, test } from "vitest";
import { sdk5 } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { tomAndJerry } from "./tom-and-jerry.ts";
import { next } from "./waiting.ts";

const app = useTestApp();

beforeAll(async () => {
  await app().ask("/admin/keywords", { method: "PUT", body: "cheese\n老鼠\n" });
});

async function three() {
  const people = await tomAndJerry(app(), sdk5);
  const joined = next(people.view, "membersjoined");
  await people.chat.add([app().named("Spike")]);
  await joined;
  return people;
}

describe("a word list with the JavaScript SDK", () => {
  test("[M-51] [X-31] [X-34] listed words are masked for everybody, and the sender gets the correction with -4408", async () => {
    const { tom, jerry, chat, view } = await three();
    const heard = next(jerry.client, "message");
    const corrected = next(tom.client, "messageupdate");
    const attributes = { for: "cheese" };
    const words = new tom.sdk.TextMessage("CHEESE for the 老鼠!").setAttributes(attributes);
    const sent = await chat.send(words);
    expect((await heard)[0]).toMatchObject({ id: sent.id, text: "*** for the ***!", attributes });
    const [message, , reason] = await corrected;
    expect(message).toMatchObject({ id: sent.id, from: tom.id, text: "*** for the ***!" });
    expect(reason).toEqual({ code: -4408, detail: "MESSAGE_MODIFIED_BY_CENSORSHIP" });
    expect(await view.queryMessages()).toMatchObject([{ id: sent.id, text: "*** for the ***!" }]);
  });

  test("[X-31] listed words are not masked in a conversation of two", async () => {
    const { tom, jerry, chat } = await tomAndJerry(app(), sdk5);
    const heard = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("cheese"));
    expect((await heard)[0]).toMatchObject({ text: "cheese" });
  });
});
