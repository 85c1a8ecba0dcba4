import type { JsonObject } from "../../../../src/model/json.ts";
import type { Vendor } from "../../../../src/push/vendors/vendor.ts";
import type { VendorProfile } from "../../../../src/settings/vendors/vendor-profiles.ts";
import { push } from "../pushes.ts";

const NOW = Date.UTC(2026, 10, 28, 12);

/** A push as an app at LeanCloud sends it to phones of every kind, with something of the vendors' own. */
const notification: JsonObject = {
  alert: "The cheese is in the larder;\nbring your friends! 🧀",
  title: "Jerry",
  badge: "Increment",
  sound: "cheese.mp3",
  action: "com.example.CHEESE",
  _channel: "mice",
  _notificationChannel: "chat",
  conversation: "65537a0e0000000000000001",
  holes: 3,
  kinds: { blue: ["Stilton", "Gorgonzola"] },
  ios: { "thread-id": "mice" },
  hms: { target_user_type: 1, holes: 4 },
  honor: { targetUserType: 1, holes: 5 },
  mi: { notify_type: 1, holes: 6 },
  oppo: { notify_level: 2, holes: 7 },
  vivo: { pushMode: 1, holes: 8 },
  mz: { advanceInfo: { clearNoticeBar: 1 }, holes: 9 },
};

const silent: JsonObject = { silent: true, action: "com.example.SYNC", since: 1_700_000_000_000 };

/** A call as it goes to the vendor. */
interface SentCall {
  url: string;
  headers: Record<string, string>;
  /** JSON as it is; a form as an object of its values, with JSON inside them parsed. */
  body: unknown;
}

/**
 * What a vendor is sent for one LeanCloud push, and for a silent one; or why nothing is sent.
 *
 * @param answer what it answers each call
 */
export async function goldenOf<Profile extends VendorProfile, Message>(
  vendor: Vendor<Profile, Message>,
  profile: Profile,
  kind = vendor.vendors[0] ?? "",
  answer: object = {},
): Promise<{ notification: SentCall[] | string; silent: SentCall[] | string }> {
  const callsFor = async (content: JsonObject): Promise<SentCall[] | string> => {
    const sent = push(content, { id: "AYvOVgAAq3-NXrXVMZ0gVQ", expiresAt: NOW + 7 * 86_400_000 });
    const made = vendor.messageOf(sent, profile, { vendor: kind, appName: "Cheese Chat", now: NOW });
    if ("problem" in made) return made.problem;
    const calls: SentCall[] = [];
    const post = async ({
      url,
      headers,
      body,
    }: {
      url: string;
      headers: Record<string, string>;
      body: string;
    }) => {
      const isForm = headers["Content-Type"]?.startsWith("application/x-www-form-urlencoded");
      calls.push({ url, headers, body: isForm ? formOf(body) : JSON.parse(body) });
      return { status: 200, headers: new Headers(), text: JSON.stringify(answer) };
    };
    await vendor.send(made.message, ["jerrys-token", "toms-token"], {
      profile,
      vendor: kind,
      region: undefined,
      pushId: sent.id,
      isUsedUp: () => false,
      useUp: () => {},
      post,
      withToken: (callWith) => callWith("an-access-token"),
      now: () => NOW,
    });
    return calls;
  };
  return { notification: await callsFor(notification), silent: await callsFor(silent) };
}

function formOf(body: string): Record<string, unknown> {
  return Object.fromEntries(Array.from(new URLSearchParams(body), ([name, value]) => [name, parsed(value)]));
}

function parsed(value: string): unknown {
  if (!/^[[{]/.test(value)) return value;
  return JSON.parse(value);
}
