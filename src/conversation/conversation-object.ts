import type { TheirMessage } from "../mirror/hosted-app.ts";
import type { JsonObject } from "../model/json.ts";
import type { ConversationRecord, MemberRole, StoredRole, Will } from "../model/records.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { Changed, Refused } from "../protocol/outcome.ts";
import type { PartialResult } from "../protocol/partial-result.ts";
import type { ListChange } from "../protocol/permission-events.ts";
import type { HistoryMessage } from "../protocol/replies.ts";
import { settingsOf } from "../settings/store.ts";
import type { OpenConversation } from "./assemble-conversation.ts";
import type { CatchUp, CatchUpRequest } from "./conversation-catch-up.ts";
import type { ConversationStub } from "./conversation-stub.ts";
import type { StartedBy, StartResult } from "./creation/start-result.ts";
import { NO_ORIGIN } from "./delivery/skipped-entry.ts";
import { type Described, type DescriptionOptions, described } from "./description.ts";
import type { Hold } from "./facts.ts";
import {
  type ConversationImport,
  type ImportedConversation,
  importUnread,
} from "./import/import-conversation.ts";
import { type ImportedLog, importLog } from "./import/import-log.ts";
import { type ImportedList, importPermissions, type PermissionImport } from "./import/import-permissions.ts";
import type { Inspected, Inspection, Inspections } from "./inspection/inspection-calls.ts";
import { inspect } from "./inspection/inspections.ts";
import type { HistoryRequest } from "./log/history-pages.ts";
import type { ImportedMessage } from "./log/import-messages.ts";
import type { ChangeAnswer, HostedMessage, MirrorAnswer } from "./mirror/mirror-host.ts";
import type { MissedNotices } from "./notices.ts";
import type { ListPage, PageOfList } from "./permissions/client-list.ts";
import { RelayedConversation } from "./relayed-conversation-object.ts";
import type { Tidied, TidyBounds } from "./retention/tidied.ts";
import type { Dropped } from "./room/downstream.ts";
import { changeRow } from "./row-change.ts";
import type { MessageLocation, PatchByServer, RowChange, RowChanged, ServerMessage } from "./server-calls.ts";
import type { Answer, Asked, ServiceCall } from "./service/service-calls.ts";

/** The author of changes made by the app's server. */
const NO_CLIENT = { clientId: "", origin: NO_ORIGIN };

/** One conversation: the calls that the rest of the service makes to it, but for its relays. */
export class ConversationObject extends RelayedConversation implements ConversationStub {
  /**
   * Copies to D1 what it lacks, before a query: the client was shown it already. Returns whether D1 has everything now.
   */
  async copyNow(): Promise<boolean> {
    return (await this.#open?.outbox.drain()) ?? true;
  }

  async start(record: ConversationRecord, startedBy: StartedBy): Promise<StartResult> {
    return this.lifecycle.start(record, startedBy);
  }

  async startHere(record: ConversationRecord, startedBy: StartedBy): Promise<StartResult | undefined> {
    return this.lifecycle.startHere(record, startedBy);
  }

  async import(
    imported: ImportedConversation,
    messages: ImportedMessage[],
  ): Promise<ConversationImport | undefined> {
    await this.lifecycle.refreshSettings();
    if (messages.length > 0) await this.#open?.mirror.settled();
    return this.lifecycle.import(imported, messages);
  }

  async nameUnique(id: string, members: string[], instead: string | undefined): Promise<string | undefined> {
    return this.lifecycle.nameUnique(id, members, instead);
  }

  async importMessages(messages: ImportedMessage[]): Promise<ImportedLog | Refused> {
    await this.lifecycle.refreshSettings();
    await this.#open?.mirror.settled();
    return this.#read(({ state, mirror }) => importLog(state, messages, mirror));
  }

  async receiveMirrored(message: HostedMessage): Promise<MirrorAnswer | Refused> {
    return this.#change(({ conversation, mirror }) =>
      mirror.receive(message, () => conversation.addFromThere(message)),
    );
  }

  async receiveMirroredChange(theirs: TheirMessage): Promise<ChangeAnswer | Refused> {
    return this.#change(({ conversation, mirror }) =>
      mirror.receiveChange(theirs, (change) => conversation.patchFromThere(change)),
    );
  }

  async importPermissions(imported: ImportedList): Promise<PermissionImport | Refused> {
    return this.#read(({ state }) => importPermissions(state, imported));
  }

  async importUnread(counts: { clientId: string; unread: number }[]): Promise<boolean[] | Refused> {
    return this.#read(({ state }) =>
      counts.map(({ clientId, unread }) => importUnread(state, clientId, unread)),
    );
  }

  async hasUnique(members: string[]): Promise<boolean> {
    return this.lifecycle.hasUnique(members);
  }

  async isOf(members: string[]): Promise<boolean> {
    return this.lifecycle.isOf(members);
  }

  async describe(viewer: string | undefined, options?: DescriptionOptions): Promise<Described | undefined> {
    if (options?.lastMessage !== false) await this.lifecycle.refreshSettings();
    return this.#open && described(this.#open.state, viewer, options);
  }

  async isMember(clientId: string): Promise<boolean> {
    return (await this.#open?.conversation.isMember(clientId)) ?? false;
  }

  async mayRead(clientId: string): Promise<boolean> {
    return this.#open?.state.mayRead(clientId) ?? false;
  }

  async onlineCount(): Promise<number | Refused> {
    return this.#read(({ conversation }) => conversation.presence.count());
  }

  async statistics(): Promise<{ online: number; dropped: Dropped } | Refused> {
    return this.#read(async ({ conversation }) => {
      const { dropped } = conversation.downstream;
      return { online: await conversation.presence.count(), dropped };
    });
  }

  async onlineSample(): Promise<string[] | Refused> {
    return this.#read(({ conversation }) => conversation.presence.sample());
  }

  async writeRefusal(clientId: string): Promise<ErrorName | undefined> {
    const state = this.#open?.state;
    return state === undefined ? "INVALID_MESSAGING_TARGET" : state.writeRefusal(clientId, Date.now());
  }

  async catchUp(clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined> {
    await this.lifecycle.refreshSettings();
    return this.#open?.conversation.catchUp(clientId, request);
  }

  async missedNotices(clientId: string, after: number): Promise<MissedNotices> {
    return this.#open?.conversation.missedNotices(clientId, after) ?? { events: [], complete: true };
  }

  /** Sends the will of a lost client; a repeated call does not send it again. */
  async will(from: string, will: Will): Promise<void> {
    await this.#open?.conversation.will(from, will);
  }

  async members(): Promise<{ members: string[]; muted: string[] } | Refused> {
    return this.#read(({ state }) => {
      const { members, muted } = state.record();
      return { members, muted };
    });
  }

  async addMembers(clientIds: string[]): Promise<Changed | Refused> {
    return this.#change(({ conversation }) => conversation.membership.addMembers(clientIds, ""));
  }

  async removeMembers(clientIds: string[]): Promise<Changed | Refused> {
    return this.#change(({ conversation }) => conversation.membership.removeMembers(clientIds, ""));
  }

  async setMuted(clientIds: string[], muted: boolean): Promise<Changed | Refused> {
    return this.#change(({ conversation }) => conversation.membership.setMuted(clientIds, muted));
  }

  async changeList(change: ListChange, clientIds: string[]): Promise<PartialResult | Refused> {
    return this.#change(({ conversation }) => conversation.permissions.change(change, clientIds));
  }

  async silenceFor(clientId: string, duration: number): Promise<undefined | Refused> {
    return this.#read(({ conversation }) => conversation.permissions.silenceFor(clientId, duration));
  }

  async listed(list: "silences" | "blacklist", page: PageOfList): Promise<ListPage | Refused> {
    return this.#read(({ state }) => state.permissions.listOf(list).page(page.offset, page.limit));
  }

  async roles(viewer: string | undefined): Promise<StoredRole[] | Refused> {
    return this.#read(({ conversation }) => conversation.permissions.rolesFor(viewer));
  }

  async giveRole(clientId: string, role: MemberRole): Promise<StoredRole | Refused> {
    return this.#change(({ conversation }) => conversation.permissions.giveRole(clientId, role, ""));
  }

  async takeRole(infoId: string): Promise<boolean | Refused> {
    return this.#change(({ conversation }) => conversation.permissions.takeRole(infoId));
  }

  async setRefused(clientId: string, refused: boolean): Promise<undefined | Refused> {
    return this.#change(({ conversation }) => conversation.permissions.setRefused(clientId, refused));
  }

  async change(changes: JsonObject): Promise<Changed | Refused> {
    return this.#change(({ conversation }) => conversation.membership.change(changes, NO_CLIENT));
  }

  async changeRow(change: RowChange): Promise<RowChanged> {
    return this.#change(({ conversation, state }) =>
      changeRow(change, {
        record: () => state.record(),
        sql: this.ctx.storage.sql,
        limits: settingsOf(this.env).last.limits,
        membership: conversation.membership,
      }),
    );
  }

  async sendAsServer(message: ServerMessage): Promise<{ messageId: string; timestamp: number } | Refused> {
    return this.#change(({ conversation }) => conversation.sendAsServer(message));
  }

  async history(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[] | Refused> {
    await this.lifecycle.refreshSettings();
    return this.#read(({ conversation }) => conversation.history(request, viewer));
  }

  async patch(patch: PatchByServer): Promise<undefined | Refused> {
    return this.#change(async ({ conversation }) => conversation.patchByServer(patch));
  }

  async deleteMessage(location: MessageLocation): Promise<undefined | Refused> {
    return this.#read(({ conversation }) => conversation.deleteMessage(location));
  }

  async stillNewTo(message: Omit<MessageLocation, "from">, clientIds: string[]): Promise<string[]> {
    return this.#open?.conversation.stillNewTo(message, clientIds) ?? [];
  }

  async unread(clientId: string, globalsAfter?: number): Promise<number | undefined | Refused> {
    await this.lifecycle.refreshSettings();
    return this.#read(({ conversation }) => conversation.unread(clientId, globalsAfter));
  }

  async service<Name extends ServiceCall>(name: Name, asked: Asked<Name>): Promise<Answer<Name>> {
    return this.#change<Answer<Name>>(async ({ conversation }) => conversation.callService(name, asked));
  }

  async inspect<Name extends Inspection>(
    name: Name,
    asked: Inspections[Name]["asked"],
  ): Promise<Inspected<Name>> {
    await this.lifecycle.refreshSettings();
    return this.#open === undefined
      ? { refused: "CONVERSATION_NOT_FOUND" }
      : inspect(this.#open, name, asked);
  }

  async tidy(bounds: TidyBounds): Promise<Tidied> {
    return this.lifecycle.tidying.tidy(bounds);
  }

  async setHold(hold: Hold | undefined): Promise<undefined | Refused> {
    return this.#read(({ state }) => {
      state.setHold(hold);
      return undefined;
    });
  }

  async hold(): Promise<Hold | undefined | Refused> {
    return this.#read(({ state }) => state.facts.hold);
  }

  async remove(): Promise<undefined | Refused> {
    return this.lifecycle.remove();
  }

  get #open(): OpenConversation | undefined {
    return this.lifecycle.open;
  }

  /** Answers the app's server from this object's storage, without D1. */
  #read<Outcome>(run: (open: OpenConversation) => Outcome): Outcome | Refused {
    const open = this.#open;
    return open === undefined ? { refused: "CONVERSATION_NOT_FOUND" } : run(open);
  }

  /** Runs an operation of the app's server with fresh settings (limits and listeners). */
  async #change<Outcome>(run: (open: OpenConversation) => Promise<Outcome>): Promise<Outcome | Refused> {
    await this.lifecycle.refreshSettings();
    const open = this.#open;
    return open === undefined ? { refused: "CONVERSATION_NOT_FOUND" } : run(open);
  }
}
