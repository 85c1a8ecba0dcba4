/** @module-tag python */
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sdk5 } from "../sdk/sdk.ts";
import { useTestApp } from "../sdk/test-app.ts";
import { viewOf } from "../sdk/tom-and-jerry.ts";
import { eventually, next } from "../sdk/waiting.ts";
import { Backend, installPython, PythonError } from "./python.ts";

/* An app's server on the official Python SDK, beside a phone with the JavaScript SDK. */

// Never called: nothing waits for what becomes of a notification.
const app = useTestApp({ push: { webhook: { url: "https://push.example.com" } } });

let backend: Backend;
beforeAll(async () => {
  await installPython();
  backend = Backend.start(app());
}, 400_000);
afterAll(() => backend?.stop());

const Made = v.object({ id: v.string() });
const conversation = async (details: object) => v.parse(Made, await backend.ask("create", details)).id;

describe("the Python SDK 3.0.2", () => {
  test("[A-08] the Python SDK 3.0.2 creates a conversation, changes it, and finds it with the changes", async () => {
    const name = app().named("Cheese");
    const id = await conversation({ name, members: ["Tom", "Jerry"] });
    expect(await backend.ask("show", { id })).toMatchObject({
      id,
      name,
      members: expect.arrayContaining(["Tom", "Jerry"]),
    });
    const renamed = app().named("Mice");
    await backend.ask("change", { id, values: { name: renamed, level: 3 } });
    await backend.ask("raise_by", { id, key: "level", amount: 2 });
    expect(await backend.ask("show", { id })).toMatchObject({ name: renamed, level: 5 });
    expect(await backend.ask("find", { conditions: [["equal_to", "name", renamed]] })).toMatchObject([
      { id },
    ]);
    expect(await backend.ask("find", { conditions: [["equal_to", "name", name]] })).toEqual([]);
  });

  test("[A-08] the Python SDK 3.0.2 adds and removes members, and phones receive that", async () => {
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const id = await conversation({ members: ["Tom"] });
    const invited = next(jerry.client, "invited");
    expect(await backend.ask("add", { id, member: jerry.id })).toMatchObject({
      members: expect.arrayContaining(["Tom", jerry.id]),
    });
    expect((await invited)[1].id).toBe(id);
    const kicked = next(jerry.client, "kicked");
    expect(await backend.ask("remove", { id, member: jerry.id })).toMatchObject({ members: ["Tom"] });
    expect((await kicked)[1].id).toBe(id);
  });

  test("[A-08] the Python SDK 3.0.2 counts, pages and sorts conversations", async () => {
    const name = app().named("Page");
    for (const level of [3, 1, 2]) {
      const id = await conversation({ name, members: ["Tom"], unique: false });
      await backend.ask("change", { id, values: { level } });
    }
    const mine = ["equal_to", "name", name];
    expect(await backend.ask("count", { conditions: [mine] })).toBe(3);
    const page = { conditions: [mine, ["descending", "level"], ["skip", 1], ["limit", 1]] };
    expect(await backend.ask("find", page)).toMatchObject([{ level: 2 }]);
    const high = { conditions: [mine, ["greater_than", "level", 1], ["ascending", "level"]] };
    expect(await backend.ask("find", high)).toMatchObject([{ level: 2 }, { level: 3 }]);
    expect(await backend.ask("first", { conditions: [mine, ["contained_in", "level", [1]]] })).toMatchObject({
      level: 1,
    });
  });

  test("[A-08] the Python SDK 3.0.2 finds conversations without any condition", async () => {
    const id = await conversation({ members: [app().named("Tom")], unique: false });
    const newest = {
      conditions: [
        ["descending", "createdAt"],
        ["limit", 5],
      ],
    };
    expect(await backend.ask("find", newest)).toEqual(
      expect.arrayContaining([expect.objectContaining({ id })]),
    );
    expect(await backend.ask("count")).toBeGreaterThan(0);
  });

  test("[A-08] the Python SDK 3.0.2 sends as a client, and finds messages by conversation, by client and of the whole app", async () => {
    const jerry = await app().logIn(sdk5, app().named("Jerry"));
    const sender = app().named("Tom");
    const id = await conversation({ members: [sender, jerry.id] });
    const heard = next(jerry.client, "message");
    await backend.ask("send", { id, sender, message: { _lctype: -1, _lctext: "hello" } });
    expect((await heard)[0]).toMatchObject({ text: "hello", from: sender });
    await backend.ask("send", { id, sender, message: "plain", transient: true });
    const view = await viewOf(jerry, { id });
    await view.send(new jerry.sdk.TextMessage("thanks"));
    const by = { conversation_id: id };
    expect(await backend.ask("history", by)).toMatchObject([
      { from: jerry.id },
      { from: sender, conversation: id },
    ]);
    expect(await backend.ask("history", { ...by, limit: 1, reversed: true })).toMatchObject([
      { from: sender },
    ]);
    // The database is some seconds behind.
    const found = v.array(v.object({ from: v.string() }));
    for (const question of [{ from_client: sender }, {}]) {
      await eventually(
        async () => v.parse(found, await backend.ask("history", question)),
        (messages) => messages.some(({ from }) => from === sender),
      );
    }
  });

  test("[A-08] a conversation that the Python SDK 3.0.2 deletes is gone", async () => {
    const id = await conversation({ members: ["Tom"], unique: false });
    await backend.ask("destroy", { id });
    await expect(backend.ask("show", { id })).rejects.toMatchObject({ code: 101 });
    await expect(backend.ask("show", { id })).rejects.toBeInstanceOf(PythonError);
  });

  test("[A-08] the Python SDK 3.0.2 saves an installation, finds it, and notifies it at any pace", async () => {
    const channel = app().named("news").replaceAll("-", "");
    const token = Buffer.from(channel.padEnd(32, "0")).toString("hex");
    await backend.ask("install", { token, channels: [channel] });
    expect(await backend.ask("installations", { channel })).toEqual([token]);
    expect(await backend.ask("notify", { alert: "Cheese!", channel })).toEqual(expect.any(String));
    // Fewer than 1000 a second count as 1000.
    expect(await backend.ask("notify", { alert: "Cheese!", channel, flow_control: 0 })).toEqual(
      expect.any(String),
    );
  });
});
