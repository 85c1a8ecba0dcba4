import { describe, expect, test } from "vitest";
import { sdks } from "./sdk.ts";
import { useTestApp } from "./test-app.ts";
import { comeBack, goOffline } from "./tom-and-jerry.ts";
import { next, record } from "./waiting.ts";

const app = useTestApp();

describe.each(sdks)("the JavaScript SDK $version, kicked by the app's server", (sdk) => {
  test("[C-10] [X-03] a kicked client is closed with 4115 and does not reconnect by itself", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const mary = await app().logIn(sdk, app().named("Mary"));
    const closed = next(tom.client, "close");
    const back = record(tom.client, "reconnect");
    await app().kick(tom.id, "for the cat");
    expect((await closed)[0]).toMatchObject({ code: 4115, reason: "KICKED_BY_APP" });
    await expect(tom.client.ping([mary.id])).rejects.toThrow();
    // Another client on the same device comes back after a lost connection; the kicked one does not.
    const spike = { ...tom, client: await tom.logIn(app().named("Spike")) };
    await goOffline({ ...spike, id: spike.client.id }, mary);
    await comeBack(spike);
    expect(await mary.client.ping([tom.id])).toEqual([]);
    expect(back).toEqual([]);
  });

  test("[X-22] a client whose id is banned is closed and cannot log in until the ban is lifted", async () => {
    const tom = await app().logIn(sdk, app().named("Tom"));
    const closed = next(tom.client, "close");
    const body = { client_ids: [tom.id], reason: "spam" };
    await app().ask("/admin/bans", { method: "POST", body });
    expect((await closed)[0]).toMatchObject({ code: 4106 });
    await expect(app().logIn(sdk, tom.id)).rejects.toMatchObject({ code: 4106 });
    await app().ask("/admin/bans", { method: "DELETE", body: { client_ids: [tom.id] } });
    const again = await app().logIn(sdk, tom.id);
    expect(again.client.id).toBe(tom.id);
  });
});
