import { QUERY_ANSWER_BYTES } from "../bounds.ts";
import type { Described, DescriptionOptions } from "../conversation/description.ts";
import { isConversationId } from "../conversation/messages/ids.ts";
import { idsOfWhere } from "../database/conversations/query.ts";
import { type QueryingClient, withoutMembers } from "../database/conversations/visibility.ts";
import type { QueryRefusal } from "../database/where/query-refusal.ts";
import { forEachLimited } from "../limited-calls.ts";
import type { ConversationFound } from "../model/records.ts";
import type { CommandOf } from "../protocol/commands.ts";
import { conversationJson } from "../protocol/conversation-json.ts";
import * as replies from "../protocol/replies.ts";
import { messagesKeptFrom } from "../settings/retention-settings.ts";
import { withinAnswerSize } from "./answer-size.ts";
import type { ClientServices } from "./client-ports.ts";
import { copyToDatabase } from "./copy-to-database.ts";

const DEFAULT_LIMIT = 10; // conversations, if a query names no limit (B-20)
const AT_ONCE = 10; // conversations asked in parallel
const ASKED_MAX = 100; // conversations asked for one command: each is an object to wake

/** The client that queries, and the limits of its view. */
type Viewer = QueryingClient &
  Pick<DescriptionOptions, "sinceJoining"> & {
    /** Messages are kept from this time (ms); 0 for all. */
    messagesSince: number;
  };

/**
 * Answers a query for conversations. Ids are looked up in the objects: their answers are always current, also for
 * clients that are not members. Any other condition is looked up in D1 (B-20). A client that is not a member sees
 * nothing of the messages (I12).
 */
export async function answerQuery(
  services: ClientServices,
  clientId: string,
  command: CommandOf<"conversation.query">,
): Promise<Uint8Array> {
  const { serial, withLastMessage, compact } = command;
  const settings = await services.settings();
  const { security } = settings;
  const viewer: Viewer = {
    clientId,
    findOthers: security.findOthers,
    showMembers: security.showMembers,
    sinceJoining: security.historyFrom === "joining",
    messagesSince: messagesKeptFrom(settings, services.now()),
  };
  const found =
    (await findTemporary(services, viewer, command)) ??
    (await findByIds(services, viewer, command)) ??
    (await findByCondition(services, viewer, command));
  if ("refused" in found) return replies.errorReply(serial, found.refused, { detail: found.detail });
  const complete = await withSubscriptions(services, viewer, found);
  const rows = complete.map(({ conversation, lastMessage, subscription, withoutMembers = false }) =>
    conversationJson(conversation, {
      subscription,
      compact: compact || withoutMembers,
      forClient: clientId,
      lastMessage: withLastMessage ? lastMessage : undefined,
    }),
  );
  return replies.queryResults(serial, withinAnswerSize(rows));
}

/** The temporary conversations of a query that names some; undefined for any other query. */
async function findTemporary(
  services: ClientServices,
  viewer: Viewer,
  { temporaryIds, withLastMessage }: CommandOf<"conversation.query">,
): Promise<ConversationFound[] | undefined> {
  if (temporaryIds.length === 0) return undefined;
  const found = await describeAll(services, temporaryIds, viewer, withLastMessage);
  return found.filter(({ conversation }) => conversation.kind === "temporary");
}

/** The conversations of a query by ids alone, in an order that needs no D1; undefined for any other query. */
async function findByIds(
  services: ClientServices,
  viewer: Viewer,
  { where, sort, limit, skip, withLastMessage }: CommandOf<"conversation.query">,
): Promise<ConversationFound[] | undefined> {
  const ids = idsOfWhere(where);
  const order = ids && comparator(sort);
  if (ids === undefined || ids.length > ASKED_MAX || order === undefined) return undefined;
  const found = (await describeAll(services, ids, viewer, withLastMessage)).sort(order);
  const from = Math.max(skip ?? 0, 0);
  const most = limit === undefined || limit < 0 ? DEFAULT_LIMIT : limit;
  return found.slice(from, from + most);
}

/** The conversations of any query, from D1, with the state that the client has seen already. */
async function findByCondition(
  services: ClientServices,
  viewer: Viewer,
  { where, sort, limit, skip, withLastMessage, shown }: CommandOf<"conversation.query">,
): Promise<ConversationFound[] | QueryRefusal> {
  await copyToDatabase(services, shown);
  const { clientId, findOthers, showMembers, messagesSince } = viewer;
  const bounds = { findOthers, showMembers };
  const found = await services.query({
    where,
    sort,
    limit,
    skip,
    clientId,
    withLastMessage,
    messagesSince,
    bounds,
  });
  if ("refused" in found || !withLastMessage) return found;
  return withLastMessages(services, viewer, found);
}

/**
 * Adds the last messages that D1 does not have, because its copy lags or the message is not for all members. The
 * conversations have them.
 */
async function withLastMessages(
  services: ClientServices,
  { clientId, sinceJoining, messagesSince }: Viewer,
  all: ConversationFound[],
): Promise<ConversationFound[]> {
  // D1 does not have the times at which members joined.
  const found = sinceJoining ? all.map((each) => ({ ...each, lastMessage: undefined })) : all;
  const unknown = found.filter(
    ({ conversation: { lastMessageAt }, lastMessage }) =>
      lastMessageAt !== undefined && lastMessageAt >= messagesSince && lastMessage === undefined,
  );
  const descriptions = new Map<string, Described>();
  const asked = unknown.slice(0, ASKED_MAX).map(({ conversation }) => conversation.id);
  const unasked = new Set<string>();
  let bytes = 0;
  await forEach(asked, async (id) => {
    // A few at a time: no more conversations are asked than fit into the answer.
    if (bytes >= QUERY_ANSWER_BYTES) {
      unasked.add(id);
      return;
    }
    // An answer without the last message is better than none: the conversations have been found.
    const described = await services
      .describe(id, clientId, { lastMessage: true, sinceJoining })
      .catch(() => undefined);
    if (described === undefined) return;
    descriptions.set(id, described);
    bytes += described.lastMessage?.content.length ?? 0;
  });
  const next = found.findIndex(({ conversation }) => unasked.has(conversation.id));
  const fitting = next === -1 ? found : found.slice(0, next);
  return fitting.map((each) => {
    const described = descriptions.get(each.conversation.id);
    return described === undefined ? each : asDescribed(each, described);
  });
}

/** D1's time of the last message may be some seconds old; the conversation itself says when that was. */
function asDescribed(found: ConversationFound, described: Described): ConversationFound {
  const { conversation } = found;
  const lastMessageAt = Math.max(conversation.lastMessageAt ?? 0, described.conversation.lastMessageAt ?? 0);
  return {
    ...found,
    conversation: { ...conversation, lastMessageAt: lastMessageAt || undefined },
    lastMessage: found.lastMessage ?? described.lastMessage,
  };
}

/** Adds to services what D1 does not have: whether the client is subscribed. The services have it. */
async function withSubscriptions(
  services: ClientServices,
  { clientId, sinceJoining }: Viewer,
  found: ConversationFound[],
): Promise<ConversationFound[]> {
  const unknown = found.filter(
    ({ conversation, subscription }) => conversation.kind === "system" && subscription === undefined,
  );
  const subscriptions = new Map<string, ConversationFound["subscription"]>();
  const asked = unknown.slice(0, ASKED_MAX).map(({ conversation }) => conversation.id);
  await forEach(asked, async (id) => {
    // A service that does not answer is shown without it.
    const wanted = { lastMessage: false, sinceJoining };
    const described = await services.describe(id, clientId, wanted).catch(() => undefined);
    subscriptions.set(id, described?.subscription);
  });
  return found.map((each) => {
    const subscription = each.subscription ?? subscriptions.get(each.conversation.id);
    return subscription === undefined ? each : { ...each, subscription };
  });
}

/** Answers in which of some conversations the client is a member. */
export async function answerMembership(
  services: ClientServices,
  clientId: string,
  command: CommandOf<"conversation.isMember">,
): Promise<Uint8Array> {
  const belongs: Record<string, boolean> = {};
  const asked = command.conversationIds.slice(0, ASKED_MAX);
  for (const id of asked) belongs[id] = false;
  const existing = await services.existing(asked.filter(isConversationId));
  await forEach(existing, async (id) => {
    belongs[id] = await services.isMember(id, clientId);
  });
  return replies.membership(command.serial, belongs);
}

/** The conversations with some ids, as the viewer may see them. */
async function describeAll(
  services: ClientServices,
  ids: string[],
  { clientId, showMembers, sinceJoining }: Viewer,
  lastMessage: boolean,
): Promise<Described[]> {
  const found: Described[] = [];
  const asked = [...new Set(ids)].filter(isConversationId).slice(0, ASKED_MAX);
  await forEach(await services.existing(asked), async (id) => {
    const described = await services.describe(id, clientId, { lastMessage, sinceJoining });
    if (described === undefined) return;
    const { isMember, conversation } = described;
    if (isMember || showMembers) found.push(described);
    else found.push({ ...described, conversation: withoutMembers(conversation), withoutMembers: true });
  });
  return found;
}

const forEach = (ids: string[], run: (id: string) => Promise<void>) => forEachLimited(ids, AT_ONCE, run);

/** The orders that need no D1: by the times in a description; undefined for any other. */
function comparator(
  sort: string | undefined,
): ((a: ConversationFound, b: ConversationFound) => number) | undefined {
  const match = /^(-?)(lm|createdAt|updatedAt)$/.exec(sort ?? "-lm");
  if (match === null) return undefined;
  const direction = match[1] === "-" ? -1 : 1;
  const time = ({ conversation }: ConversationFound): number => {
    if (match[2] === "createdAt") return conversation.createdAt;
    if (match[2] === "updatedAt") return conversation.updatedAt;
    return conversation.lastMessageAt ?? 0;
  };
  return (a, b) => direction * (time(a) - time(b));
}
