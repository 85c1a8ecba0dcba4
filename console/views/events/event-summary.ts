/** An event of the log, as far as it is summed up. */
export interface SummedEvent {
  event: string;
  detail: Record<string, unknown>;
}

/** The words of a summary, in a language. */
export interface SummaryWords {
  recipients(online: number, offline: number): string;
  offline(count: number, muted: number): string;
  reconnected: string;
  leaving: Record<string, string>;
  outcomes: Record<string, string>;
  deciders: Record<string, string>;
  noAnswer: string;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";
const joined = (...parts: string[]): string => parts.filter((part) => part !== "").join(" · ");

/** What an event's details say, in a line. Events that this console does not know are shown by their details alone. */
export function summaryOf({ event, detail }: SummedEvent, words: SummaryWords): string {
  switch (event) {
    case "messageSent":
      return words.recipients(listOf(detail.online).length, listOf(detail.offline).length);
    case "receiversOffline":
      return words.offline(listOf(detail.offline).length, listOf(detail.muted).length);
    case "conversationStarted":
    case "conversationAdded":
    case "conversationRemoved":
      return listOf(detail.members).map(textOf).join(", ");
    case "clientOnline":
      return joined(
        textOf(detail.userAgent),
        textOf(detail.tag),
        detail.reconnect === true ? words.reconnected : "",
      );
    case "clientOffline":
      return joined(named(words.leaving, textOf(detail.why)), textOf(detail.message), textOf(detail.tag));
    case "pushSettled":
      return joined(
        named(words.outcomes, textOf(detail.outcome)),
        textOf(detail.provider),
        textOf(detail.why),
      );
    case "messageRefused":
    case "messageChanged":
      return joined(
        listOf(detail.by)
          .map((each) => named(words.deciders, textOf(each)))
          .join(", "),
        textOf(detail.code),
        textOf(detail.why),
      );
    case "requestPassed":
      return joined(
        `${textOf(detail.method)} ${textOf(detail.path)}`.trim(),
        textOf(detail.status) || words.noAnswer,
        textOf(detail.failure),
      );
    default:
      return "";
  }
}

const named = (names: Record<string, string>, name: string): string =>
  Object.hasOwn(names, name) ? (names[name] ?? name) : name;

/** How an event looks: what failed is seen among thousands. */
export function toneOf({ event, detail }: SummedEvent): "good" | "bad" | "info" | "plain" {
  if (event === "pushSettled") {
    if (detail.outcome === "sent") return "good";
    return detail.outcome === "not pushed" ? "plain" : "bad";
  }
  if (event === "requestPassed") return detail.failure === null ? "plain" : "bad";
  if (event === "messageRefused") return "bad";
  if (event === "clientOnline") return "good";
  return event === "messageSent" || event.startsWith("conversation") ? "info" : "plain";
}

/** Lists of clients among an event's details: each is a link. */
export function clientLists(detail: Record<string, unknown>): [name: string, clients: string[]][] {
  return ["online", "offline", "muted", "members", "clients"].flatMap((name) => {
    const clients = listOf(detail[name]).filter((client) => typeof client === "string");
    return clients.length === 0 ? [] : [[name, clients]];
  });
}
