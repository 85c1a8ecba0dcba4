import type { Admin } from "../admin.ts";
import { Refusal } from "../options.ts";
import type { Chats } from "./chats.ts";

const HOUR = 3_600; // seconds

/** What the demo needs switched on: roles and blacklists, the event log, edits and recalls. */
export const SETTINGS = {
  messages: { allowEdit: true, allowRecall: true },
  security: { memberRoles: true, blacklists: true },
  events: { logDays: 7 },
};

export const WORDS = "rat poison\n老鼠药\n";

/** What an owner has done: roles, silences, blacklists, a ban. */
export async function moderate(admin: Admin, { kitchen, garden }: Chats): Promise<void> {
  const path = `/1.2/rtm/conversations/${kitchen}`;
  await admin.ask("POST", `${path}/member-infos`, { clientId: "Spike", role: "Manager" });
  await admin.ask("POST", `${path}/permanent-silenceds`, { client_ids: ["Butch"] });
  await admin.ask("POST", `${path}/temporary-silenceds`, { client_id: "Tuffy", ttl: HOUR });
  await admin.ask("POST", `${path}/blacklists`, { client_ids: ["Meathead"] });
  await admin.ask("POST", "/1.2/rtm/clients/Toodles/blacklists", { conv_id: garden });
  await admin.ask("POST", "/admin/bans", { client_ids: ["Meathead"], reason: "Advertising 发广告" });
}

/** Devices, and what was pushed to them and will be. Without a way to devices there are no notifications. */
export async function addDevices(admin: Admin): Promise<void> {
  const devices = [
    { deviceType: "ios", deviceToken: token("a1"), deviceModel: "iPhone 15", channels: ["Tom", "cheese"] },
    { deviceType: "ios", deviceToken: token("b2"), deviceModel: "iPad", channels: ["Toodles"] },
    {
      deviceType: "android",
      installationId: id("c3"),
      vendor: "fcm",
      registrationId: id("d4"),
      channels: ["Jerry"],
    },
    {
      deviceType: "android",
      installationId: id("e5"),
      vendor: "HMS",
      registrationId: id("f6"),
      channels: ["小鱼"],
    },
    {
      deviceType: "android",
      installationId: id("a7"),
      vendor: "mi",
      registrationId: id("b8"),
      channels: ["阿黄", "cheese"],
    },
  ];
  await Promise.all(
    devices.map((device) =>
      admin.ask("POST", "/1.1/installations", { timeZone: "Asia/Shanghai", ...device }),
    ),
  );
  try {
    // On a trial this sets Web Push up.
    await admin.ask("GET", "/1.2/push/web");
    await admin.ask("POST", "/1.1/push", { channels: ["cheese"], data: { alert: "Fresh cheese 新到奶酪" } });
    await admin.ask("POST", "/1.1/push", {
      channels: ["cheese"],
      data: { alert: "Good morning 早上好" },
      push_time: new Date(Date.now() + 24 * HOUR * 1_000).toISOString(),
    });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
}

/** No device has such a token. */
const token = (byte: string) => byte.repeat(32);
const id = (byte: string) => byte.repeat(12);
