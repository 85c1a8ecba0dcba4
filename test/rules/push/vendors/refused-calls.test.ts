import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { huawei } from "../../../../src/push/vendors/huawei.ts";
import { oppo } from "../../../../src/push/vendors/oppo.ts";
import { vivo } from "../../../../src/push/vendors/vivo.ts";
import { xiaomi } from "../../../../src/push/vendors/xiaomi.ts";
import type { Answer } from "../../../support/push/provider-server.ts";
import { push } from "../../../support/push/pushes.ts";
import { HuaweiServer, huaweiAnswer } from "../../../support/push/vendors/huawei-server.ts";
import { OppoServer, oppoCode } from "../../../support/push/vendors/oppo-server.ts";
import { phonesOf, VendorWorld } from "../../../support/push/vendors/vendor-providers.ts";
import type { VendorServer } from "../../../support/push/vendors/vendor-server.ts";
import { VivoServer, vivoCode } from "../../../support/push/vendors/vivo-server.ts";
import { XiaomiServer, xiaomiError } from "../../../support/push/vendors/xiaomi-server.ts";

/* Any client may save a registration id that a maker refuses, and a maker may refuse a whole call for it. */

const servers = {
  hms: new HuaweiServer(),
  mi: new XiaomiServer(),
  oppo: new OppoServer(),
  vivo: new VivoServer(),
};
const all: VendorServer[] = Object.values(servers);
let world: VendorWorld;
beforeAll(() => Promise.all(all.map((server) => server.open())));
beforeEach(() => {
  for (const server of all) server.clear();
  world = new VendorWorld();
  const each = Object.entries(servers).map(([name, { settings }]) => [name, settings]);
  world.configure(Object.fromEntries(each));
});
afterAll(() => Promise.all(all.map((server) => server.close())));

const providers = {
  hms: () => world.provider(huawei, ({ hms }) => hms),
  mi: () => world.provider(xiaomi, ({ mi }) => mi),
  oppo: () => world.provider(oppo, (settings) => settings.oppo),
  vivo: () => world.provider(vivo, (settings) => settings.vivo),
};
type Name = keyof typeof servers;
const send = (name: Name, ...ids: string[]) =>
  providers[name]().send(push({ alert: "Cheese!", title: "Tom" }, { id: "push-1" }), phonesOf(name, ...ids));

/** The answers to the calls for one push by which a maker refuses all devices of a call, without naming one. */
const refusals: [Name, Answer[]][] = [
  ["hms", [huaweiAnswer("80300007", "All tokens are invalid")]],
  ["mi", [xiaomiError(20_301, "No valid targets!")]],
  ["oppo", [oppoCode(10_000)]],
  ["vivo", [{ status: 200, body: { result: 0, taskId: "1" } }, vivoCode(10_302)]],
];

describe.each(refusals)("a call that %s refuses as a whole", (name, refusal) => {
  test(`a call that ${name} refuses for one id removes this device alone, and the others get the push`, async () => {
    const server = servers[name];
    expect(await send(name, "known")).toEqual([{ outcome: "sent" }]);
    server.gone.add("dead");
    server.trouble.push(...refusal);
    const outcomes = await send(name, "one", "dead", "two");
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(["sent", "gone", "sent"]);
    expect(server.reached.toSorted()).toEqual(["known", "one", "two"]);
  });

  test(`a call that ${name} refuses as a whole is not made for each device before the keys have worked`, async () => {
    const server = servers[name];
    server.trouble.push(...refusal);
    expect(await send(name, "one", "two")).toMatchObject(
      Array(2).fill({ outcome: "failed", why: expect.stringContaining("keys of another app") }),
    );
    expect(server.sends).toBe(refusal.length);
  });
});
