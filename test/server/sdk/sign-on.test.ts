import { describe, expect, test } from "vitest";
import { OpType } from "../../../src/protocol/generated/message_pb.js";
import { sdks } from "./sdk.ts";
import { type Person, useTestApp } from "./test-app.ts";
import { comeBack, goOffline, viewOf } from "./tom-and-jerry.ts";
import { eventually, next, record } from "./waiting.ts";

const app = useTestApp();

describe.each(sdks)("the JavaScript SDK $version, signing on with a tag", (sdk) => {
  const jerry = (id: string, tag?: string) => app().logIn(sdk, id, { tag });

  /** Sends to the client of these devices, and returns the devices that received it. */
  async function reachable(devices: Person[], expected: Person[]) {
    const [first] = devices;
    if (first === undefined) throw new Error("somebody has to be spoken to");
    const tom = await app().logIn(sdk, app().named("Tom"));
    const chat = await tom.client.createConversation({ members: [first.id] });
    const heard = devices.map((device) => record(device.client, "message"));
    const all = expected.map((device) => next(device.client, "message"));
    await chat.send(new tom.sdk.TextMessage("who is there?"));
    await Promise.all(all);
    return devices.filter((_, index) => heard[index]?.length === 1);
  }

  test("[D-02] [D-03] [D-06] [D-09] a login with a tag logs out the earlier device with that tag, which gets the reason", async () => {
    const id = app().named("Jerry");
    const first = await jerry(id, "phone");
    const conflict = next(first.client, "conflict");
    const second = await jerry(id, "phone");
    const [{ reason }] = await conflict;
    expect(reason).toMatch(/.+/);
    expect(await reachable([first, second], [second])).toEqual([second]);

    const again = next(second.client, "conflict");
    const third = await jerry(id, "phone");
    await again;
    expect(await reachable([first, second, third], [third])).toEqual([third]);
  });

  test("[D-09] [C-10] [C-07] a device that was logged out by a conflict does not reconnect by itself", async () => {
    const id = app().named("Jerry");
    const first = await jerry(id, "phone");
    const back = [record(first.client, "reconnect"), record(first.realtime, "reconnect")];
    const conflicts = record(first.client, "conflict");
    const second = await jerry(id, "phone");
    await eventually(
      () => conflicts.length,
      (count) => count === 1,
    );
    await expect(first.client.ping([id])).rejects.toThrow();
    await goOffline(second, await app().logIn(sdk, app().named("Mary")));
    await comeBack(second);
    expect(await reachable([first, second], [second])).toEqual([second]);
    expect(back).toEqual([[], []]);
    expect(conflicts).toHaveLength(1);
  });

  test("[D-03] [D-09] a conflict leaves other clients on the same Realtime logged in", async () => {
    const shared = await app().device(sdk);
    const id = app().named("Jerry");
    const first = await shared.logIn(id, { tag: "phone" });
    const mary = await shared.logIn(app().named("Mary"));
    const conflict = next(first, "conflict");
    await jerry(id, "phone");
    await conflict;
    expect(
      await reachable([{ ...shared, id: mary.id, client: mary }], [{ ...shared, id: mary.id, client: mary }]),
    ).toHaveLength(1);
  });

  test("[D-04] devices with different tags stay logged in", async () => {
    const id = app().named("Jerry");
    const devices = [
      await jerry(id, "phone"),
      await jerry(id, "tablet"),
      await jerry(id, "web"),
      await jerry(id),
    ];
    const conflicts = devices.map((device) => record(device.client, "conflict"));
    expect(await reachable(devices, devices)).toEqual(devices);
    expect(conflicts).toEqual([[], [], [], []]);
  });

  test("[D-04] devices of different clients with the same tag stay logged in", async () => {
    const [one, other] = [
      await jerry(app().named("Jerry"), "phone"),
      await jerry(app().named("Spike"), "phone"),
    ];
    expect(await reachable([one], [one])).toEqual([one]);
    expect(await reachable([other], [other])).toEqual([other]);
  });

  test("[D-01] [D-05] any number of devices without a tag, or with the tag 'default', stay logged in", async () => {
    const id = app().named("Jerry");
    const devices = [
      await jerry(id),
      await jerry(id, "default"),
      await jerry(id, "default"),
      await jerry(id),
    ];
    expect(await reachable(devices, devices)).toEqual(devices);
  });

  test("[D-07] [D-08] devices with different tags share received messages, sent messages and counts", async () => {
    const id = app().named("Jerry");
    const [phone, web] = [await jerry(id, "phone"), await jerry(id, "web")];
    const tom = await app().logIn(sdk, app().named("Tom"));
    const received = [next(phone.client, "message"), next(web.client, "message")];
    const chat = await tom.client.createConversation({ members: [id] });
    const sent = await chat.send(new tom.sdk.TextMessage("to both"));
    for (const message of received) expect((await message)[0].id).toBe(sent.id);
    const [onPhone, onWeb] = [await viewOf(phone, chat), await viewOf(web, chat)];
    expect([onPhone.unreadMessagesCount, onWeb.unreadMessagesCount]).toEqual([1, 1]);

    const own = next(web.client, "message");
    const answer = await onPhone.send(new phone.sdk.TextMessage("from my phone"));
    expect((await own)[0].id).toBe(answer.id);
    const cleared = next(web.client, "unreadmessagescountupdate");
    await onPhone.read();
    await cleared;
    expect(onWeb.unreadMessagesCount).toBe(0);
  });

  test("[D-03] a device that logs in again is no conflict", async () => {
    const id = app().named("Jerry");
    const phone = await app().logIn(sdk, id, { tag: "phone", way: "router over TLS" });
    const conflicts = record(phone.client, "conflict");
    expect(await phone.logIn(id, { tag: "phone" })).toBe(phone.client);
    await goOffline(phone, await app().logIn(sdk, app().named("Mary")));
    await comeBack(phone);
    const back = next(phone.client, "reconnect");
    app().cutTls();
    await back;
    expect(await reachable([phone], [phone])).toEqual([phone]);
    expect(conflicts).toEqual([]);

    await phone.client.close();
    const again = { ...phone, client: await phone.logIn(id, { tag: "phone" }) };
    expect(await reachable([again], [again])).toEqual([again]);
  });

  test("[D-10] a device that was away while another took its tag is refused, and the other stays", async () => {
    const id = app().named("Jerry");
    const mary = await app().logIn(sdk, app().named("Mary"));
    const first = await jerry(id, "phone");
    await goOffline(first, mary);
    const second = await jerry(id, "phone");
    const conflicts = record(second.client, "conflict");
    const refused = next(first.client, "reconnecterror");
    const back = record(first.client, "reconnect");
    first.realtime.resume();
    expect((await refused)[0]).toMatchObject({ code: 4111, message: "SESSION_CONFLICT" });
    expect(await reachable([first, second], [second])).toEqual([second]);
    expect([back, conflicts]).toEqual([[], []]);

    // Even when the other has left: only the device that took the tag may return.
    await goOffline(second, mary);
    const refusedAgain = next(first.client, "reconnecterror");
    first.realtime.pause();
    first.realtime.resume();
    expect((await refusedAgain)[0]).toMatchObject({ code: 4111 });
    await comeBack(second);
    expect(await reachable([second], [second])).toEqual([second]);
  });

  // What the JavaScript SDKs have for it, `isReconnect`, fails in both before anything is sent.
  test("[D-11] a login that must not displace a device is refused if it would, else accepted", async () => {
    const id = app().named("Jerry");
    const first = await jerry(id, "phone");
    const conflicts = record(first.client, "conflict");
    const declining = (tag: string) => app().raw(id, { tag, deviceId: app().named("device"), r: true });
    const refused = await declining("phone");
    expect(refused.received.at(-1)?.errorMessage).toMatchObject({ code: 4111, reason: "SESSION_CONFLICT" });
    expect(await reachable([first], [first])).toEqual([first]);
    expect(conflicts).toEqual([]);

    const opened = ({ op }: { op: number }) => op === OpType.opened;
    expect((await declining("tablet")).received.some(opened)).toBe(true);
    await first.client.close();
    expect((await declining("phone")).received.some(opened)).toBe(true);
  });

  test("[C-09] [D-10] the token of a session that lost its tag is refused over HTTP", async () => {
    const id = app().named("Jerry");
    const first = await app().raw(id, { tag: "phone" });
    const token = first.received.find(({ sessionMessage }) => sessionMessage?.st)?.sessionMessage?.st ?? "";
    expect((await app().notifications(id, token)).status).toBe(200);
    await jerry(id, "phone");
    await first.push("session", "closed");
    expect((await app().notifications(id, token)).status).toBe(401);
  });
});
