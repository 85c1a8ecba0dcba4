import { isRecord, parseJson } from "../../ui/json.ts";
import { alertData } from "./content.ts";
import { type Audience, audienceOf } from "./where.ts";

/** A notification as it is typed. */
export interface Draft {
  audience: Audience;
  who: string;
  isRaw: boolean;
  title: string;
  alert: string;
  /** JSON, where `isRaw`. */
  data: string;
  isLater: boolean;
  /** As a field of dates and times has it: in the viewer's zone, without one. */
  at: string;
  environment: "prod" | "dev";
}

/** The body of `POST /1.1/push`. */
export interface PushBody {
  where: Record<string, unknown>;
  data: Record<string, unknown>;
  prod: "prod" | "dev";
  push_time?: string;
}

type Problems = Partial<Record<"who" | "alert" | "data" | "at", string>>;

interface Words {
  nobody: string;
  notObject: string;
  needed: string;
  dataInvalid: string;
  past: string;
}

/** Less than a minute ahead counts as now (ms). */
const SOON = 60_000;

/** What a draft asks for, or what is missing. */
export function bodyOf(draft: Draft, words: Words, now: number): { body: PushBody } | { problems: Problems } {
  const problems: Problems = {};
  const audience = audienceOf(draft.audience, draft.who, words);
  if ("problem" in audience) problems.who = audience.problem;
  const content = contentOf(draft, words);
  if ("problem" in content) problems[draft.isRaw ? "data" : "alert"] = content.problem;
  const at = draft.isLater ? new Date(draft.at).getTime() : now;
  if (draft.isLater && !(at >= now + SOON)) problems.at = words.past;
  if ("problem" in audience || "problem" in content || problems.at !== undefined) return { problems };
  const body: PushBody = { where: audience.where, data: content.data, prod: draft.environment };
  if (draft.isLater) body.push_time = new Date(at).toISOString();
  return { body };
}

function contentOf(
  { isRaw, title, alert, data }: Draft,
  { needed, dataInvalid }: Words,
): { data: Record<string, unknown> } | { problem: string } {
  if (!isRaw)
    return alert.trim() === "" ? { problem: needed } : { data: alertData(title.trim(), alert.trim()) };
  const parsed = parseJson(data);
  if (!parsed.isJson) return { problem: parsed.problem };
  if (!isRecord(parsed.value) || Object.keys(parsed.value).length === 0) return { problem: dataInvalid };
  return { data: parsed.value };
}
