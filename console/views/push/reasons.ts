import { consolePath } from "../../ui/path.ts";
import { pushPath, settingPath } from "./push-path.ts";

/** Which button leads to where something is mended. */
export type Mend =
  | "keys"
  | "installations"
  | "installation"
  | "members"
  | "client"
  | "static"
  | "hooks"
  | "log"
  | "events";

/** A cause of a push, or of none. */
export type Reason = { link?: { mend: Mend; href: string } } & (
  | { code: PlainCode }
  | { code: "taken"; provider: string }
  | { code: "gone" | "failed" | "later"; provider: string; why: string }
  | { code: "omitted" | "device other"; why: string }
);

type PlainCode =
  | "wasOnline"
  | "noLog"
  | "notLogged"
  | "notRecipient"
  | "all muted"
  | "devices lost"
  | "noMessage"
  | ProblemCode
  | "device invalid"
  | "device without vendor"
  | "device inactive"
  | "device not served";

/** Of `POST /admin/push/preview`. */
type ProblemCode =
  | "online"
  | "no member"
  | "sender"
  | "muted"
  | "hook"
  | "no provider"
  | "content"
  | "no device";

/** What it is about. */
export interface Subject {
  clientId: string;
  conversationId: string;
}

interface Attempt {
  outcome: string;
  provider?: string | null;
  installation?: string | null;
  why?: string | null;
}

/** What the ledger has of one recipient; undefined where the message is not for them. */
export interface LedgerFacts {
  isLogOn: boolean;
  hasMessage: boolean;
  recipient:
    | { pushed: { known: boolean; why?: string; results: readonly Attempt[] }; wasOnline: boolean }
    | undefined;
}

export type Verdict = "pushed" | "not pushed" | "unknown";

/** What became of the push of a message, by what the server kept. */
export function pastOf(
  { isLogOn, hasMessage, recipient }: LedgerFacts,
  subject: Subject,
): { verdict: Verdict; reasons: Reason[] } {
  const { clientId, conversationId } = subject;
  if (recipient === undefined && hasMessage)
    return {
      verdict: "not pushed",
      reasons: [
        {
          code: "notRecipient",
          link: { mend: "members", href: membersPath(conversationId) },
        },
      ],
    };
  const log: Reason = isLogOn
    ? { code: "notLogged", link: { mend: "events", href: "/console/events" } }
    : { code: "noLog", link: { mend: "log", href: settingPath("events.logDays") } };
  if (recipient === undefined) return { verdict: "unknown", reasons: [{ code: "noMessage" }, log] };
  const { results } = recipient.pushed;
  if (results.length > 0) {
    const isPushed = results.some(({ outcome }) => outcome === "sent");
    const isOpen = results.some(({ outcome }) => outcome === "later");
    return {
      verdict: isPushed ? "pushed" : isOpen ? "unknown" : "not pushed",
      reasons: results.map((attempt) => attemptReason(attempt, subject)),
    };
  }
  if (recipient.wasOnline)
    return {
      verdict: "not pushed",
      reasons: [{ code: "wasOnline", link: { mend: "client", href: consolePath("users", clientId) } }],
    };
  return { verdict: "unknown", reasons: [log] };
}

function attemptReason({ outcome, provider, installation, why }: Attempt, subject: Subject): Reason {
  const told = why ?? "";
  const name = provider ?? "";
  const keys = { mend: "keys", href: pushPath("keys") } as const;
  switch (outcome) {
    case "sent":
      return installation
        ? {
            code: "taken",
            provider: name,
            link: { mend: "installation", href: consolePath("push", "installations", installation) },
          }
        : { code: "taken", provider: name };
    case "gone":
      return { code: "gone", provider: name, why: told };
    case "failed":
    case "later":
      return { code: outcome, provider: name, why: told, link: keys };
    default:
      return omittedReason(told, subject);
  }
}

/** By the words of the server for a push that nobody got; others are shown as they are. */
function omittedReason(why: string, { clientId, conversationId }: Subject): Reason {
  const keys = { mend: "keys", href: pushPath("keys") } as const;
  const devices = { mend: "installations", href: pushPath("installations", { q: clientId }) } as const;
  if (/^the app's hook/.test(why))
    return { code: "hook", link: { mend: "hooks", href: settingPath("hooks") } };
  if (/^no push provider/.test(why)) return { code: "no provider", link: keys };
  if (/^no configured provider/.test(why)) return { code: "device not served", link: keys };
  if (/^there is no content/.test(why))
    return { code: "content", link: { mend: "static", href: settingPath("push.static") } };
  if (/muted it/.test(why))
    return { code: "all muted", link: { mend: "members", href: membersPath(conversationId) } };
  if (/^no offline recipient has a device/.test(why)) return { code: "no device", link: devices };
  if (/^the devices are/.test(why)) return { code: "devices lost", link: devices };
  return { code: "omitted", why };
}

const membersPath = (conversationId: string): string =>
  `${consolePath("conversations", conversationId)}?tab=members`;

interface Preview {
  problems: readonly { code: ProblemCode }[];
  devices: readonly {
    installation: string;
    problem?: string | undefined;
    problem_code?: DeviceProblem | undefined;
  }[];
}

/** Why nothing would be pushed now; empty if something would. */
export function presentOf({ problems, devices }: Preview, subject: Subject): Reason[] {
  return [
    ...problems.map(({ code }) => ({ code, link: linkOf(code, subject) })),
    ...devices.flatMap(({ installation, problem, problem_code }) =>
      problem === undefined ? [] : [deviceReason(installation, problem, problem_code)],
    ),
  ].map(withoutEmptyLink);
}

const withoutEmptyLink = ({ link, ...reason }: Reason | (Reason & { link: undefined })): Reason =>
  link === undefined ? reason : Object.assign(reason, { link });

function linkOf(
  code: ProblemCode,
  { clientId, conversationId }: Subject,
): { mend: Mend; href: string } | undefined {
  switch (code) {
    case "online":
      return { mend: "client", href: consolePath("users", clientId) };
    case "no member":
    case "muted":
      return { mend: "members", href: membersPath(conversationId) };
    case "hook":
      return { mend: "hooks", href: settingPath("hooks") };
    case "no provider":
      return { mend: "keys", href: pushPath("keys") };
    case "content":
      return { mend: "static", href: settingPath("push.static") };
    case "no device":
      return { mend: "installations", href: pushPath("installations", { q: clientId }) };
    case "sender":
      return undefined;
  }
}

type DeviceProblem = "invalid" | "without vendor" | "inactive" | "not served";

/** What has no code is shown as the server says it. */
function deviceReason(installation: string, why: string, problem: DeviceProblem | undefined): Reason {
  const device = { mend: "installation", href: consolePath("push", "installations", installation) } as const;
  if (problem === undefined) return { code: "device other", why, link: device };
  const keys = { mend: "keys", href: pushPath("keys") } as const;
  return { code: `device ${problem}`, link: problem === "not served" ? keys : device };
}
