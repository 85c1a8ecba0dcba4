import { beforeAll, describe, expect, test } from "vitest";
import { heard, history, named, say, settle, start } from "../../support/chat.ts";
import { edit, namedBy, pushesOf } from "../support/commands.ts";
import { onlineClients } from "../support/pair-chat.ts";
import { configure, http, masterKeys } from "../support/world.ts";
import { hooks, settledChat, useHookEngine } from "./hook-engine.ts";

useHookEngine();

describe("[M-51] the word list", () => {
  const upload = (words: string) =>
    http("/admin/keywords", { method: "PUT", headers: masterKeys, body: words });

  beforeAll(async () => {
    expect((await upload("cheese\n猫\n")).ok).toBe(true);
    return async () => {
      await http("/admin/keywords", { method: "DELETE", headers: masterKeys });
    };
  });

  async function three() {
    const [spike] = named("spike");
    const { tom, jerry, toms, jerrys } = await onlineClients("tom", "jerry");
    const cid = await start(toms, [tom, jerry, spike]);
    await settle(cid, toms, jerrys);
    return { toms, jerrys, cid };
  }

  test("[X-31] [X-34] the word list filters groups, and the sender is notified with -4408", async () => {
    const { toms, jerrys, cid } = await three();
    await say(toms, cid, "CHEESE and 猫!");
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(["*** and ***!"]);
    const [patch] = pushesOf(toms, "patch").flatMap((push) => push.patchMessage?.patches ?? []);
    expect(patch?.patchCode).toBe(-4408n);
    expect(await history(toms, cid)).toEqual(["*** and ***!"]);
  });

  test("[X-32] the word list filters only the text of typed messages", async () => {
    const { toms, jerrys, cid } = await three();
    await say(toms, cid, '{"_lctype":-1,"_lctext":"cheese","_lcattrs":{"kind":"cheese"}}');
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(['{"_lctype":-1,"_lctext":"***","_lcattrs":{"kind":"cheese"}}']);
  });

  test("[X-31] the word list filters conversations of two only if the owner enables that", async () => {
    const { toms, jerrys, cid } = await settledChat();
    await say(toms, cid, "cheese");
    await configure({ keywords: { oneToOne: true } });
    await say(toms, cid, "cheese");
    await settle(cid, toms, jerrys);
    expect(heard(jerrys, cid)).toEqual(["cheese", "***"]);
    await configure({ keywords: { oneToOne: null } });
  });

  test("[M-51] the word list filters content that a hook wrote, and edits", async () => {
    const { toms, cid } = await three();
    hooks._messageReceived = ({ content }) => (content === "mouse" ? { content: "mouse eats cheese" } : {});
    const message = namedBy(cid, await say(toms, cid, "mouse"));
    expect(await history(toms, cid)).toEqual(["mouse eats ***"]);
    await edit(toms, message, "no cheese left");
    expect(await history(toms, cid)).toEqual(["no *** left"]);
  });
});
