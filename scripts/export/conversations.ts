import * as v from "valibot";
import { ClassRow } from "../moving/format.ts";
import type { ExportFolder } from "./folder.ts";

/** A conversation that something is asked of. */
export interface Target {
  id: string;
  /** As paths of the API name it. */
  kind: "conversations" | "chatrooms" | "service-conversations";
  members: string[];
}

const ConversationRow = v.object({
  ...ClassRow.entries,
  tr: v.optional(v.unknown()),
  sys: v.optional(v.unknown()),
  m: v.optional(v.unknown()),
});

/** The conversations that the export has, in a fixed order. */
export async function* conversationsOf(folder: ExportFolder): AsyncGenerator<Target> {
  for await (const text of folder.rows("classes/_Conversation")) {
    const { objectId: id, tr, sys, m } = v.parse(ConversationRow, JSON.parse(text));
    const kind = tr === true ? "chatrooms" : sys === true ? "service-conversations" : "conversations";
    const members = Array.isArray(m) ? m.filter((member) => typeof member === "string") : [];
    yield { id, kind, members: [...new Set(members)] };
  }
}

export function pathFor({ kind, id }: Target, what: string): string {
  return `/1.2/rtm/${kind}/${encodeURIComponent(id)}/${what}`;
}
