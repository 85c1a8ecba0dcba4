import { afterEach, describe, expect, test } from "vitest";
import { hmac, stamped } from "../../support/sign.ts";
import { sdk5, sdks } from "./sdk.ts";
import type { Sdk } from "./sdk-types.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline, three, viewOf } from "./tom-and-jerry.ts";
import { eventually, next, record } from "./waiting.ts";

const on = { memberRoles: true, blacklists: true, signBlacklist: false };
const app = useTestApp({ security: on, messages: { allowEdit: true, allowRecall: true } });
afterEach(() => app().configure({ security: on }));

/** Tom's conversation with Jerry and Spike; Spike has never logged in. */
async function ownedChat(sdk: Sdk) {
  const tom = await app().logIn(sdk, app().named("Tom"));
  const jerry = await app().logIn(sdk, app().named("Jerry"));
  const spike = app().named("Spike");
  const chat = await tom.client.createConversation({ members: [jerry.id, spike], unique: false });
  const view = await viewOf(jerry, chat);
  return { tom, jerry, spike, chat, view };
}

describe.each(sdks)("roles, silences and blacklists in the JavaScript SDK $version", (sdk) => {
  test("[X-11] [X-12] [X-13] [X-15] the owner promotes a member, who cannot do it alone, and all read it", async () => {
    const { tom, jerry, chat, view } = await ownedChat(sdk);
    await expect(view.updateMemberRole(jerry.id, "Manager")).rejects.toMatchObject({ code: 4320 });
    await expect(chat.updateMemberRole(jerry.id, "Owner")).rejects.toThrow();
    const before = await chat.getAllMemberInfo();
    expect(before.map(({ role }) => role).toSorted()).toEqual(["Member", "Member", "Owner"]);
    const heard = next(jerry.client, "memberinfoupdated");
    await chat.updateMemberRole(jerry.id, "Manager");
    await expect(view.unmuteMembers(jerry.id)).rejects.toMatchObject({ code: 4320 });
    const [{ member, memberInfo, updatedBy }] = await heard;
    expect([member, memberInfo.role, updatedBy]).toEqual([jerry.id, "Manager", tom.id]);
    const after = await view.getAllMemberInfo({ noCache: true });
    expect(after.find(({ memberId }) => memberId === jerry.id)?.role).toBe("Manager");
    expect((await view.getMemberInfo(tom.id)).isOwner).toBe(true);
  });

  test("[X-12] [X-14] the owner cannot leave once a role was given; others are removed beside them", async () => {
    const { tom, spike, chat, view } = await ownedChat(sdk);
    await chat.quit();
    await chat.join();
    await chat.updateMemberRole(spike, "Manager");
    await expect(chat.quit()).rejects.toMatchObject({ code: 4324 });
    await expect(view.remove([spike])).rejects.toMatchObject({ code: 4320 });
    await expect(view.add([app().named("Tyke")])).rejects.toMatchObject({ code: 4320 });
    const result = await chat.remove([tom.id, spike]);
    expect(result.successfulClientIds).toEqual([spike]);
    expect(result.failures).toMatchObject([{ code: 4324, clientIds: [tom.id] }]);
  });

  test("[X-16] [X-18] [X-21] who is silenced hears it, is not heard, and may be heard again", async () => {
    const { tom, jerry, chat, view } = await ownedChat(sdk);
    const said = await view.send(new jerry.sdk.TextMessage("cheese"));
    const [own, all] = [next(jerry.client, "muted"), next(tom.client, "membersmuted")];
    expect((await chat.muteMembers(jerry.id)).successfulClientIds).toEqual([jerry.id]);
    expect((await own)[0]).toEqual({ mutedBy: tom.id });
    expect((await all)[0]).toEqual({ members: [jerry.id], mutedBy: tom.id });
    const refused = { code: 4563 };
    const more = () => new jerry.sdk.TextMessage("more");
    for (const options of [{}, { transient: true }, { will: true }])
      await expect(view.send(more(), options)).rejects.toMatchObject(refused);
    await expect(view.update(said, more())).rejects.toMatchObject(refused);
    await expect(view.set("name", "Jerry says").save()).rejects.toMatchObject(refused);
    expect((await view.queryMutedMembers()).results).toEqual([jerry.id]);
    await expect(view.unmuteMembers(jerry.id)).rejects.toMatchObject({ code: 4320 });
    await view.recall(said);
    const unmuted = next(jerry.client, "unmuted");
    await chat.unmuteMembers([jerry.id]);
    expect((await unmuted)[0]).toEqual({ unmutedBy: tom.id });
    await view.send(more());
  });

  test("[X-17] who is silenced for a time over HTTP hears it, is not heard, and is heard again afterwards", async () => {
    const { tom, jerry, chat, view } = await ownedChat(sdk);
    const path = `/1.2/rtm/conversations/${chat.id}/temporary-silenceds`;
    const silence = (ttl: number) => app().ask(path, { method: "POST", body: { client_id: jerry.id, ttl } });
    await silence(60);
    const refused = { code: 4315 };
    for (const options of [{}, { transient: true }, { will: true }])
      await expect(view.send(new jerry.sdk.TextMessage("cheese"), options)).rejects.toMatchObject(refused);
    const heard = next(jerry.client, "message");
    await chat.send(new tom.sdk.TextMessage("quiet now"));
    expect((await heard)[0]).toMatchObject({ text: "quiet now" });
    await app().ask(`${path}?client_id=${jerry.id}`, { method: "DELETE" });
    await view.send(new jerry.sdk.TextMessage("cheese"));
    await silence(1);
    await expect(view.send(new jerry.sdk.TextMessage("more"))).rejects.toMatchObject(refused);
    await eventually(
      () => view.send(new jerry.sdk.TextMessage("at last")).catch(() => undefined),
      (sent) => sent !== undefined,
    );
  });

  test("[X-20] a client that refuses a conversation over HTTP leaves it, is added by nobody, and joins by itself", async () => {
    const { tom, jerry, chat, view } = await ownedChat(sdk);
    const path = `/1.2/rtm/clients/${jerry.id}/blacklists`;
    const left = next(tom.client, "membersleft");
    await app().ask(path, { method: "POST", body: { conv_id: chat.id } });
    expect((await left)[0]).toMatchObject({ members: [jerry.id] });
    expect((await chat.add([jerry.id])).failures).toMatchObject([{ code: 4548, clientIds: [jerry.id] }]);
    await view.join();
    await view.send(new jerry.sdk.TextMessage("my own choice"));
  });

  test("[X-18] [X-19] [X-21] who is blocked is told, is kicked, and does not come back", async () => {
    const { tom, jerry, chat, view } = await ownedChat(sdk);
    const told = [next(jerry.client, "blocked"), next(jerry.client, "kicked")] as const;
    const all = [next(tom.client, "membersblocked"), next(tom.client, "membersleft")] as const;
    const result = await chat.blockMembers([jerry.id, tom.id]);
    expect(result.successfulClientIds).toEqual([jerry.id]);
    expect(result.failures).toMatchObject([{ code: 4324, clientIds: [tom.id] }]);
    expect((await told[0])[0]).toEqual({ blockedBy: tom.id });
    expect((await told[1])[0]).toEqual({ kickedBy: tom.id });
    expect((await all[0])[0]).toEqual({ members: [jerry.id], blockedBy: tom.id });
    expect((await all[1])[0]).toEqual({ members: [jerry.id], kickedBy: tom.id });
    await expect(view.join()).rejects.toMatchObject({ code: 4548 });
    expect((await chat.add([jerry.id])).failures).toMatchObject([{ code: 4548, clientIds: [jerry.id] }]);
    expect((await chat.queryBlockedMembers()).results).toEqual([jerry.id]);
    await chat.unblockMembers(jerry.id);
    await view.join();
  });

  test("[X-21] a long list is read page by page", async () => {
    const { chat } = await ownedChat(sdk);
    const clients = Array.from({ length: 23 }, (_, at) => `c${String(at).padStart(2, "0")}`);
    await chat.blockMembers(clients);
    const read: string[] = [];
    for (let next: string | undefined, pages = 0; pages < 5; pages += 1) {
      const page = await chat.queryBlockedMembers({ limit: 10, ...(next && { next }) });
      read.push(...page.results);
      if (!page.next) break;
      next = page.next;
    }
    expect(read).toEqual(clients);
  });

  test("[X-18] [B-08] who was offline hears of it after reconnecting", async () => {
    const { tom, jerry, chat } = await ownedChat(sdk);
    // Only a live notice gives the SDK a time from which it asks.
    const first = next(jerry.client, "memberinfoupdated");
    await chat.updateMemberRole(jerry.id, "Manager");
    await first;
    await goOffline(jerry, tom);
    await chat.muteMembers(jerry.id);
    await chat.updateMemberRole(jerry.id, "Member");
    const heard = [next(jerry.client, "muted"), next(jerry.client, "memberinfoupdated")] as const;
    await comeBack(jerry);
    expect((await heard[0])[0]).toEqual({ mutedBy: tom.id });
    expect((await heard[1])[0].memberInfo.role).toBe("Member");
  });

  test("[X-01] [X-05] [X-19] with blacklist signatures on, the SDK's factory signs what it blocks", async () => {
    await app().configure({ security: { signBlacklist: true } });
    const { chat, spike } = await ownedChat(sdk);
    await expect(chat.blockMembers(spike)).rejects.toMatchObject({ code: 4546 });
    const tom = await app().logIn(sdk, app().named("Tom"), {
      // 4.x names the client first, 5.x the conversation.
      blacklistSignatureFactory: async (first, second, targetIds, action) => {
        const [clientId, conversationId] = sdk.major === 4 ? [first, second] : [second, first];
        const stamp = stamped(Date.now());
        const signed = [app().keys.appId, clientId, conversationId, ...targetIds.toSorted(), stamp.timestamp];
        return { signature: hmac(app().masterKey, [...signed, stamp.nonce, action].join(":")), ...stamp };
      },
    });
    const toms = await tom.client.createConversation({ members: [spike], unique: false });
    expect((await toms.blockMembers([spike, app().named("Tyke")])).failures).toEqual([]);
    expect((await toms.unblockMembers(spike)).successfulClientIds).toEqual([spike]);
  });
});

describe("with roles and blacklists off", () => {
  test("[X-11] [X-19] members are equal, and the SDK's calls are refused with 4325 and 4544", async () => {
    await app().configure({ security: { memberRoles: false, blacklists: false } });
    const [tom, jerry] = await three(app());
    const chat = await tom.client.createConversation({ members: [jerry.id], unique: false });
    const view = await viewOf(jerry, chat);
    await expect(chat.updateMemberRole(jerry.id, "Manager")).rejects.toMatchObject({ code: 4325 });
    for (const asked of [() => chat.muteMembers(jerry.id), () => chat.queryMutedMembers()])
      await expect(asked()).rejects.toMatchObject({ code: 4325 });
    for (const asked of [() => chat.blockMembers(jerry.id), () => chat.queryBlockedMembers()])
      await expect(asked()).rejects.toMatchObject({ code: 4544 });
    const left = record(jerry.client, "membersleft");
    await view.remove([tom.id]);
    expect(left).toEqual([]);
    expect(sdk5.major).toBe(5);
  });
});
