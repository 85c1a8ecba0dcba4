import type { ConversationRecord } from "../../model/records.ts";
import type { KindRules } from "./kind-rules.ts";
import { normal } from "./normal.ts";
import { room } from "./room.ts";
import { service } from "./service.ts";
import { temporary } from "./temporary.ts";

type Kind = ConversationRecord["kind"];

const rules: Readonly<Record<Kind, KindRules>> = { normal, room, temporary, system: service };

/** What a kind of conversation is like. */
export const rulesOf = (kind: Kind): KindRules => rules[kind];
