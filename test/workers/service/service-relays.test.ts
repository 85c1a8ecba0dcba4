import { beforeAll, expect, test, vi } from "vitest";
import { heard, named, refusal, say } from "../../support/chat.ts";
import { broadcast, newService, subscribe, tell } from "../support/services.ts";
import { WorkerdDevice } from "../support/workerd-device.ts";
import { openWorld } from "../support/world.ts";

/** A service with a large audience: its object serves one session here, and each relay one more. */

beforeAll(() => openWorld({ rooms: { socketsPerRelay: 1 } }));

const soon = { timeout: 5_000 };

async function audience(service: string, count: number): Promise<WorkerdDevice[]> {
  const devices: WorkerdDevice[] = [];
  for (const id of named(...Array.from({ length: count }, (_, at) => `reader${at}`))) {
    await subscribe(service, id);
    devices.push(await WorkerdDevice.of(id));
  }
  return devices;
}

test("[V-03] [T1] everybody at the relays of a service hears broadcasts and what is said to them, once and in order", async () => {
  const service = await newService();
  const devices = await audience(service, 4);
  await broadcast(service, "one");
  for (const device of devices) await device.message("one");
  for (const [at, { clientId }] of devices.entries()) await tell(service, [clientId], `for ${at}`);
  for (const [at, device] of devices.entries()) await device.message(`for ${at}`);
  await broadcast(service, "two");
  await tell(
    service,
    devices.map(({ clientId }) => clientId),
    "for all",
  );
  await broadcast(service, "three");
  for (const [at, device] of devices.entries())
    await vi.waitFor(
      () => expect(heard(device, service)).toEqual(["one", `for ${at}`, "two", "for all", "three"]),
      soon,
    );
});

test("[V-03] [T1] a client at a relay that is not subscribed is sent what is said to it, and no broadcast", async () => {
  const service = await newService();
  await audience(service, 3);
  const [visitor] = named("visitor");
  const visitors = await WorkerdDevice.of(visitor);
  expect(refusal(await say(visitors, service, "is anybody there?"))).toBe("");
  await broadcast(service, "for subscribers");
  await tell(service, [visitor], "yes");
  await visitors.message("yes");
  await broadcast(service, "for subscribers again");
  await tell(service, [visitor], "and again");
  await visitors.message("and again");
  expect(heard(visitors, service)).toEqual(["yes", "and again"]);
});
