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
});
