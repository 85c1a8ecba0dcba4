import { idsIn } from "../../parts/client-ids.ts";
import { textMessage } from "../../parts/message-content.ts";
import { parseJson } from "../../ui/json.ts";

/** Whom something is sent to. */
export const targets = ["conversation", "room", "subscribers", "clients", "everyone"] as const;
export type Target = (typeof targets)[number];

export interface Outgoing {
  target: Target;
  conversationId: string;
  clients: string[];
  from: string;
  message: string;
  transient: boolean;
  mentionAll: boolean;
  priority: "high" | "normal" | "low";
  /** JSON or a text. Undefined: what the settings say, or nothing where it is for all devices. */
  push: string | undefined;
  /** In milliseconds, for everyone. */
  validTill: number | undefined;
}

/** What is said. */
export const contents = ["text", "image", "raw"] as const;
export type Content = (typeof contents)[number];

/** A picture on this server. */
export interface Picture {
  url: string;
  objectId: string;
  name: string;
  /** Its type, such as `image/png`. */
  format: string;
  /** In bytes. */
  size: number;
  /** In pixels; undefined for what the browser cannot read. */
  width: number | undefined;
  height: number | undefined;
}

/** What the form holds. */
export interface Draft {
  conversationId: string;
  clients: string;
  from: string;
  content: Content;
  text: string;
  imageUrl: string;
  /** The last one that was uploaded. It counts while its address stands in the form. */
  picture: Picture | undefined;
  raw: string;
  transient: boolean;
  mentionAll: boolean;
  priority: Outgoing["priority"];
  push: string;
  validTill: string;
}

export const emptyDraft: Draft = {
  conversationId: "",
  clients: "",
  from: "",
  content: "text",
  text: "",
  imageUrl: "",
  picture: undefined,
  raw: "",
  transient: false,
  mentionAll: false,
  priority: "normal",
  push: "",
  validTill: "",
};

/** Which options a target has. */
export const hasPriority = (target: Target): boolean => target === "room" || target === "clients";

/** Nobody is pushed what is not kept, or what is said in a room. */
export const hasPush = (target: Target, { transient }: Pick<Draft, "transient">): boolean =>
  target !== "room" && !transient;

/** Whose push is a notification to all devices of the app, not to who is offline of those it is for. */
export const pushesToAll = (target: Target): boolean => target === "subscribers" || target === "everyone";

/** What is wrong with a draft, by its field. */
export type DraftProblem =
  | "conversationId"
  | "clients"
  | "from"
  | "text"
  | "imageUrl"
  | "raw"
  | "push"
  | "validTill";

/** As many as the API takes in one request. */
export const CLIENTS_MAX = 20;
const VALID_MAX = 30 * 24 * 60 * 60 * 1_000; // ms

/** The message of a draft, or the fields that are wrong. */
export function outgoingOf(
  target: Target,
  draft: Draft,
  now: number,
): { outgoing: Outgoing } | { problems: DraftProblem[] } {
  const problems: DraftProblem[] = [];
  const clients = target === "clients" ? idsIn(draft.clients) : [];
  if (draft.conversationId.trim() === "") problems.push("conversationId");
  if (draft.from.trim() === "") problems.push("from");
  if (target === "clients" && (clients.length === 0 || clients.length > CLIENTS_MAX))
    problems.push("clients");
  if (draft.content === "text" && draft.text === "") problems.push("text");
  if (draft.content === "image" && !isWebAddress(draft.imageUrl.trim())) problems.push("imageUrl");
  if (draft.content === "raw" && draft.raw === "") problems.push("raw");
  const push = draft.push.trim();
  if (hasPush(target, draft) && push.startsWith("{") && !parseJson(push).isJson) problems.push("push");
  const validTill =
    target === "everyone" && !draft.transient && draft.validTill !== ""
      ? new Date(draft.validTill).getTime()
      : undefined;
  if (validTill !== undefined && !(validTill > now && validTill <= now + VALID_MAX))
    problems.push("validTill");
  if (problems.length > 0) return { problems };
  return {
    outgoing: {
      target,
      conversationId: draft.conversationId.trim(),
      clients,
      from: draft.from.trim(),
      message: messageOf(draft),
      transient: draft.transient,
      mentionAll: draft.mentionAll,
      priority: hasPriority(target) ? draft.priority : "normal",
      push: push !== "" && hasPush(target, draft) ? push : undefined,
      validTill,
    },
  };
}

function messageOf({ content, text, imageUrl, picture, raw }: Draft): string {
  if (content === "raw") return raw;
  if (content === "text") return textMessage(text);
  const url = imageUrl.trim();
  return JSON.stringify({
    _lctype: -2,
    _lctext: text,
    _lcfile: picture?.url === url ? fileOf(picture) : { url },
  });
}

/** As SDKs send files. */
const fileOf = ({ url, objectId, name, format, size, width, height }: Picture) => ({
  url,
  objId: objectId,
  metaData: { name, format, size, width, height },
});

const isWebAddress = (text: string): boolean =>
  URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);
