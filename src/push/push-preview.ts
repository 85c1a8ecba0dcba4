import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import type { ProviderName } from "../model/provider-name.ts";
import { type OfflineAnswer, type OfflineEvent, offlinePushOf } from "./offline-push.ts";
import { isEligible } from "./plan-deliveries.ts";
import type { Preview, PreviewingProvider } from "./provider.ts";

/** Where the content comes from: of these three the first that has one counts (P-10). */
export type ContentSource = "hook" | "push_data" | "static";

/** What would reach one device; `provider` is undefined if none serves it. */
export type DevicePreview = { installation: Installation; provider: ProviderName | undefined } & (
  | Preview
  | { problem: string; problemCode: DeviceProblem }
);

/** Why a device would get nothing, whoever serves it. What a provider says by itself has no code. */
export const deviceProblems = ["invalid", "without vendor", "inactive", "not served"] as const;
export type DeviceProblem = (typeof deviceProblems)[number];

export interface PushPreview {
  /** Undefined if there is no content. */
  source: ContentSource | undefined;
  /** Without its control keys. */
  content: JsonObject | undefined;
  environment: "dev" | "prod" | undefined;
  /** Why nothing is pushed to any device; more than one reason may hold. */
  problems: PreviewProblem[];
  devices: DevicePreview[];
}

export const previewProblems = [
  "online",
  "no member",
  "sender",
  "muted",
  "hook",
  "no provider",
  "content",
  "no device",
] as const;

export interface PreviewProblem {
  code: (typeof previewProblems)[number];
  text: string;
}

/** What is known of the client that a message would be pushed to. */
export interface PreviewedClient {
  clientId: string;
  isOnline: boolean;
  isMember: boolean;
  hasMuted: boolean;
  /** The devices of the client, as a push finds them. */
  installations: readonly Installation[];
}

/**
 * What a message would push to a client, by the rules of real pushes. Nobody is called.
 *
 * @param answer of the app's hook; undefined if it was not asked
 * @param template the static content of the settings
 * @param now ms
 */
export async function previewPush(
  event: OfflineEvent,
  client: PreviewedClient,
  answer: OfflineAnswer | undefined,
  template: JsonObject | null,
  providers: readonly PreviewingProvider[],
  now: number,
): Promise<PushPreview> {
  const given = answer === undefined || answer.skip ? undefined : answer;
  const push = offlinePushOf(event, given?.pushMessage, template, now);
  const problems = problemsOf(event, client, answer);
  if (providers.length === 0)
    problems.push({ code: "no provider", text: "No push provider is set up: see the settings of push." });
  if ("problem" in push) problems.push({ code: "content", text: `Nothing to push: ${push.problem}.` });
  if (client.installations.length === 0)
    problems.push({ code: "no device", text: "No installation has the client's id as a channel." });
  if ("problem" in push)
    return { source: undefined, content: undefined, environment: undefined, problems, devices: [] };
  const source = sourceOf(event, given?.pushMessage, template, now);
  const devices: DevicePreview[] = [];
  for (const installation of client.installations) {
    const provider = providers.find((each) => each.serves(installation));
    const target = { installation, clientId: client.clientId };
    const about = { installation, provider: provider?.name };
    if (!isEligible(installation, now)) devices.push({ ...about, ...ineligible(installation) });
    else if (provider === undefined) devices.push({ ...about, ...NOT_SERVED });
    else devices.push({ ...about, ...(await provider.preview(push, target)) });
  }
  const { content, environment } = push;
  return { source, content, environment, problems, devices };
}

function problemsOf(
  { from, muted }: OfflineEvent,
  { clientId, isOnline, isMember, hasMuted }: PreviewedClient,
  answer: OfflineAnswer | undefined,
): PreviewProblem[] {
  const problems: PreviewProblem[] = [];
  const add = (code: PreviewProblem["code"], text: string) => problems.push({ code, text });
  if (!isMember) add("no member", "The client is no member of the conversation.");
  if (clientId === from) add("sender", "Nothing is pushed to the sender.");
  if (isOnline) add("online", "The client is online, and gets the message itself.");
  const isForced = answer !== undefined && !answer.skip && answer.force;
  if ((hasMuted || muted.includes(clientId)) && !isForced)
    add("muted", "The client has muted the conversation.");
  if (answer?.skip) add("hook", "The app's hook says not to push.");
  else if (answer !== undefined && !answer.offline.includes(clientId))
    add("hook", "The app's hook left the client out.");
  return problems;
}

/** The first source that makes a push by itself. */
function sourceOf(
  event: OfflineEvent,
  hook: string | undefined,
  template: JsonObject | null,
  now: number,
): ContentSource {
  const none = { ...event, pushData: undefined };
  if (!("problem" in offlinePushOf(none, hook, null, now))) return "hook";
  return "problem" in offlinePushOf(event, undefined, null, now) && template !== null
    ? "static"
    : "push_data";
}

interface CodedProblem {
  problem: string;
  problemCode: DeviceProblem;
}

const NOT_SERVED: CodedProblem = {
  problem: "no provider that is set up serves its deviceType and vendor",
  problemCode: "not served",
};

function ineligible({ valid, deviceType, vendor }: Installation): CodedProblem {
  if (!valid) return { problem: "the installation is not valid", problemCode: "invalid" };
  if (deviceType.toLowerCase() === "android" && vendor === undefined)
    return { problem: "an Android device without a vendor", problemCode: "without vendor" };
  return { problem: "inactive for 90 days", problemCode: "inactive" };
}
