import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { named, refusal } from "../support/chat.ts";
import { hmac, onTheWire, signingTime, stamped } from "../support/sign.ts";
import { loggedIn } from "./support/commands.ts";
import { kick, login, loginSigned, SECURITY_OFF } from "./support/logins.ts";
import { conversationOf } from "./support/rest.ts";
import type { WorkerdDevice } from "./support/workerd-device.ts";
import { configure, openWorld, world } from "./support/world.ts";

const HOUR = 60 * 60 * 1000;

beforeAll(() => openWorld());
afterEach(() => configure({ security: SECURITY_OFF }));

describe("with conversation signatures on", () => {
  beforeEach(() => configure({ security: { signConversation: true } }));

  const UNSIGNED = "4302 CONVERSATION_SIGNATURE_FAILED";

  /** Asks for a conversation of these members, signed for that list of them. */
  async function create(
    device: WorkerdDevice,
    members: string[],
    signedList?: string,
    timestamp = signingTime(),
  ) {
    const stamp = stamped(timestamp);
    const text = `${world.APP_ID}:${device.clientId}:${signedList}:${stamp.timestamp}:${stamp.nonce}`;
    const signature = signedList === undefined ? {} : onTheWire(hmac(world.MASTER_KEY, text), stamp);
    const convMessage = { m: members, unique: false, ...signature };
    return refusal(await device.ask({ cmd: "conv", op: "start", convMessage }));
  }

  test("[X-01] with conversation signatures on, a start needs a signature for exactly its members", async () => {
    const [tom, jerry, mary] = named("tom", "jerry", "mary");
    const toms = await loggedIn(tom);
    const both = [tom, jerry].toSorted().join(":");
    expect(await create(toms, [tom, jerry])).toBe(UNSIGNED);
    expect(await create(toms, [tom, jerry], both)).toBe("");
    expect(await create(toms, [tom, jerry, mary], both)).toBe(UNSIGNED);
    expect(await create(toms, [tom, jerry], both, Date.now() - 6 * HOUR - 1_000)).toBe(UNSIGNED);
    expect(await create(toms, [tom, jerry], both, Math.floor(Date.now() / 1000))).toBe("");
  });

  test("[wire §6] C# sends and signs the members without the creator", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom);
    expect(await create(toms, [jerry], jerry)).toBe("");
    expect(await create(toms, [jerry], [tom, jerry].toSorted().join(":"))).toBe("");
    expect(await create(toms, [tom, jerry], jerry)).toBe("");
  });

  test("[X-02] [I12] the signature of a login creates no conversation", async () => {
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom);
    const convMessage = { m: [tom, jerry], ...loginSigned(tom) };
    expect(refusal(await toms.ask({ cmd: "conv", op: "start", convMessage }))).toBe(UNSIGNED);
  });

  test("[X-03] a conversation signature from before a kick creates nothing", async () => {
    const [tom, jerry] = named("tom", "jerry");
    await kick(tom);
    const toms = await loggedIn(tom);
    expect(await create(toms, [tom, jerry], [tom, jerry].toSorted().join(":"), Date.now() - 60_000)).toBe(
      UNSIGNED,
    );
  });

  test("[X-03] a signature from before a kick adds, removes, blocks and refuses nothing", async () => {
    await configure({ security: { blacklists: true, signBlacklist: true } });
    const [tom, jerry] = named("tom", "jerry");
    const chat = await conversationOf([tom, jerry]);
    await kick(tom);
    const toms = await loggedIn(tom);
    /** What Tom may do by signatures made at a time (ms). */
    const answers = async (timestamp: number) => {
      const signed = (action: string, members: string) => {
        const stamp = stamped(timestamp);
        const place = `${world.APP_ID}:${tom}:${chat}:${members}`;
        const text = `${place}:${stamp.timestamp}:${stamp.nonce}:${action}`;
        return onTheWire(hmac(world.MASTER_KEY, text), stamp);
      };
      const blacklist = (op: "block" | "unblock", about: object) =>
        toms.ask({ cmd: "blacklist", op, blacklistMessage: about });
      const m = [jerry];
      const blocking = { srcCid: chat, toPids: m, ...signed("conversation-block-clients", jerry) };
      const unblocking = { srcCid: chat, toPids: m, ...signed("conversation-unblock-clients", jerry) };
      const refusing = { toCids: [chat], ...signed("client-block-conversations", "") };
      const kicking = { cid: chat, m, ...signed("kick", jerry) };
      const inviting = { cid: chat, m, ...signed("invite", jerry) };
      const given = [
        await toms.ask({ cmd: "conv", op: "remove", convMessage: kicking }),
        await toms.ask({ cmd: "conv", op: "add", convMessage: inviting }),
        await blacklist("block", blocking),
        await blacklist("unblock", unblocking),
        await blacklist("block", refusing),
      ];
      return given.map((answer) => refusal(answer).slice(0, 4));
    };
    expect(await answers(Date.now() - 60_000)).toEqual(["4302", "4302", "4546", "4546", "4546"]);
    expect(await answers(signingTime())).toEqual(["", "", "", "", ""]);
    await configure({ security: { blacklists: false, signBlacklist: false } });
  });

  test("[X-01] with only conversation signatures on, a login needs none", async () => {
    const [tom] = named("tom");
    expect(await login(tom)).toBe("");
  });

  test("[X-01] with conversation signatures off, a start with a wrong one succeeds", async () => {
    await configure({ security: { signConversation: false } });
    const [tom, jerry] = named("tom", "jerry");
    const toms = await loggedIn(tom);
    expect(await create(toms, [tom, jerry], "nobody")).toBe("");
  });
});
