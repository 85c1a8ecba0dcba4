import { afterAll, beforeAll, test } from "vitest";
import { startServer, type Server } from "../support/server.ts";
import { giants } from "./support/commands.ts";
import { encodeCommand } from "../support/frames.ts";
import { start, say, refusal } from "../support/chat.ts";
import { Device } from "./support/device.ts";
import { configure, unlimited } from "./support/settings.ts";
let server: Server;
beforeAll(async () => { server = await startServer(); await configure(server, { ...unlimited, messages: { allowEdit: true, allowRecall: true } }); });
afterAll(async () => { console.log(server.output().slice(-3000)); await server.stop(); });
test("giants", async () => {
  const me = await Device.of(server, "spike");
  const tom = await Device.of(server, "tom");
  const chat = await start(tom, ["tom", "jerry"]);
  const cid = await start(me, ["spike", "tyke"], { unique: true });
  const a = await say(me, cid, "x");
  const all = giants({ appId: "parley-dev", me: "spike", other: "tyke", conversationId: cid, messageId: a.ackMessage?.uid ?? "", sentAt: Number(a.ackMessage?.t) });
  for (const [at, g] of all.entries()) {
    const begun = Date.now();
    let done = false; let worst = 0;
    const talk = (async () => { while (!done) { const b = Date.now(); await say(tom, chat, "t").catch((e) => console.log("TOM", String(e).slice(0,100))); worst = Math.max(worst, Date.now() - b); } })();
    let what = "";
    try {
      const answer = await me.ask(g);
      what = refusal(answer) || "result";
    } catch (e) { what = String(e).slice(0, 90); }
    done = true; await talk;
    console.log(at, g.cmd, g.op, encodeCommand({ ...g, i: 1 }).length, what, Date.now() - begun, "ms; tom waited at worst", worst, me.closed);
  }
});
