import type { TheirMessage } from "../mirror/hosted-app.ts";
import type { JsonObject } from "../model/json.ts";
import type { ConversationRecord, MemberRole, StoredRole, Will } from "../model/records.ts";
import type { ErrorName } from "../protocol/errors.ts";
import type { Changed, Refused } from "../protocol/outcome.ts";
import type { PartialResult } from "../protocol/partial-result.ts";
import type { ListChange } from "../protocol/permission-events.ts";
import type {
  RelayedOutcome,
  RelayedPosition,
  RelayedReplay,
  RelayedSubscriber,
  RelayRegistered,
  RelayReport,
  TooFarBehind,
} from "../protocol/relay-calls.ts";
import type { HistoryMessage } from "../protocol/replies.ts";
import type { CatchUp, CatchUpRequest } from "./conversation-catch-up.ts";
import type { StartedBy, StartResult } from "./creation/start-result.ts";
import type { Described, DescriptionOptions } from "./description.ts";
import type { Hold } from "./facts.ts";
import type { ConversationImport, ImportedConversation } from "./import/import-conversation.ts";
import type { ImportedLog } from "./import/import-log.ts";
import type { ImportedList, PermissionImport } from "./import/import-permissions.ts";
import type { Inspected, Inspection, Inspections } from "./inspection/inspection-calls.ts";
import type { HistoryRequest } from "./log/history-pages.ts";
import type { ImportedMessage } from "./log/import-messages.ts";
import type { ChangeAnswer, HostedMessage, MirrorAnswer } from "./mirror/mirror-host.ts";
import type { MissedNotices } from "./notices.ts";
import type { ListPage, PageOfList } from "./permissions/client-list.ts";
import type { Tidied, TidyBounds } from "./retention/tidied.ts";
import type { Dropped } from "./room/downstream.ts";
import type { MessageLocation, PatchByServer, RowChange, RowChanged, ServerMessage } from "./server-calls.ts";
import type { Answer, Asked, ServiceCall } from "./service/service-calls.ts";

/** The calls that the rest of the service may make to a ConversationObject. */
export interface ConversationStub {
  fetch(request: Request): Promise<Response>;
  start(record: ConversationRecord, startedBy: StartedBy): Promise<StartResult>;
  /** The same in this object alone; undefined if the unique conversation here has other members by now. */
  startHere(record: ConversationRecord, startedBy: StartedBy): Promise<StartResult | undefined>;
  // For an import of another service's data (`import/`). Nobody is notified.
  import(
    imported: ImportedConversation,
    messages: ImportedMessage[],
  ): Promise<ConversationImport | undefined>;
  importMessages(messages: ImportedMessage[]): Promise<ImportedLog | Refused>;
  importPermissions(imported: ImportedList): Promise<PermissionImport | Refused>;
  /** Returns for each whether a read cursor moved. */
  importUnread(counts: { clientId: string; unread: number }[]): Promise<boolean[] | Refused>;
  /**
   * Makes an imported conversation the unique one of these members, unless there is one other than `instead`. Returns
   * the id of the unique one, undefined for the object's own; for the object whose id is derived from the members.
   */
  nameUnique(id: string, members: string[], instead: string | undefined): Promise<string | undefined>;
  /** Whether a unique conversation of exactly these members exists; for the object whose id is derived from them. */
  hasUnique(members: string[]): Promise<boolean>;
  /** Whether the members are exactly these. */
  isOf(members: string[]): Promise<boolean>;
  /** @param viewer undefined for the app's server, which sees everything */
  describe(viewer: string | undefined, options?: DescriptionOptions): Promise<Described | undefined>;
  /** Copies to D1 what it lacks; returns whether D1 has everything now. */
  copyNow(): Promise<boolean>;
  /** Whether a client is a member, subscribed, or present. */
  isMember(clientId: string): Promise<boolean>;
  /** Why a client may not be heard here now; undefined if it may. */
  writeRefusal(clientId: string): Promise<ErrorName | undefined>;
  mayRead(clientId: string): Promise<boolean>;
  // For relays (docs/rules.md, T1-T6). Undefined if there is no conversation.
  registerRelay(relay: number, registration: string): Promise<RelayRegistered | undefined>;
  relayReported(relay: number, report: RelayReport): Promise<void>;
  replayRelayed(
    subscriber: RelayedSubscriber,
    lacked: RelayedPosition,
  ): Promise<RelayedReplay | TooFarBehind | undefined>;
  mayEnter(subscriber: RelayedSubscriber): Promise<boolean>;
  carryOutRelayed(subscriber: RelayedSubscriber, frame: Uint8Array): Promise<RelayedOutcome | undefined>;
  /** How many clients are present. */
  onlineCount(): Promise<number | Refused>;
  /** How many clients are present, and how many messages those present were not sent. */
  statistics(): Promise<{ online: number; dropped: Dropped } | Refused>;
  /** Some of those present. */
  onlineSample(): Promise<string[] | Refused>;
  catchUp(clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined>;
  missedNotices(clientId: string, after: number): Promise<MissedNotices>;
  will(from: string, will: Will): Promise<void>;
  /** Answers an owner's tool. Nothing is changed by it. */
  inspect<Name extends Inspection>(name: Name, asked: Inspections[Name]["asked"]): Promise<Inspected<Name>>;
  /** A call of the app's server that only a service has. Others refuse it. */
  service<Name extends ServiceCall>(name: Name, asked: Asked<Name>): Promise<Answer<Name>>;
  // For the app's server (http-api §2): not bound by the settings for clients.
  members(): Promise<{ members: string[]; muted: string[] } | Refused>;
  addMembers(clientIds: string[]): Promise<Changed | Refused>;
  removeMembers(clientIds: string[]): Promise<Changed | Refused>;
  setMuted(clientIds: string[], muted: boolean): Promise<Changed | Refused>;
  /** Silences, blocks or the contrary, as many as there is room for. */
  changeList(change: ListChange, clientIds: string[]): Promise<PartialResult | Refused>;
  /** Silences a client for so long (ms), in place of an earlier end; 0 ends it. */
  silenceFor(clientId: string, duration: number): Promise<undefined | Refused>;
  /** Who is silenced for good, or blocked. */
  listed(list: "silences" | "blacklist", page: PageOfList): Promise<ListPage | Refused>;
  /** @param viewer a client that must be a member; undefined for the app's server */
  roles(viewer: string | undefined): Promise<StoredRole[] | Refused>;
  giveRole(clientId: string, role: MemberRole): Promise<StoredRole | Refused>;
  /** Returns whether there was a row of that id. */
  takeRole(infoId: string): Promise<boolean | Refused>;
  /** A client does not want to be added any more, and leaves; or it does again. For its own object alone. */
  setRefused(clientId: string, refused: boolean): Promise<undefined | Refused>;
  /** @param changes by column path, values or operations, as clients send them */
  change(changes: JsonObject): Promise<Changed | Refused>;
  /** Changes a row of the class: members, mutes and columns together, if a condition holds at that moment. */
  changeRow(change: RowChange): Promise<RowChanged>;
  /** Deletes it if it is idle, else what is too old of it (`ConversationLifecycle.tidy`). */
  tidy(bounds: TidyBounds): Promise<Tidied>;
  /** Puts it on legal hold, or ends that. */
  setHold(hold: Hold | undefined): Promise<undefined | Refused>;
  hold(): Promise<Hold | undefined | Refused>;
  /** Deletes the conversation with its history, for everybody. */
  remove(): Promise<undefined | Refused>;
  sendAsServer(message: ServerMessage): Promise<{ messageId: string; timestamp: number } | Refused>;
  /** A message that was sent at LeanCloud. May take as long as a post there that waits for its answer. */
  receiveMirrored(message: HostedMessage): Promise<MirrorAnswer | Refused>;
  /** A message may have been edited or recalled at LeanCloud, where it is read. */
  receiveMirroredChange(theirs: TheirMessage): Promise<ChangeAnswer | Refused>;
  /** @param viewer undefined for the app's server, which sees messages for some recipients too */
  history(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[] | Refused>;
  /** Edits or recalls; with `silent` only the stored copy changes. */
  patch(patch: PatchByServer): Promise<undefined | Refused>;
  deleteMessage(location: MessageLocation): Promise<undefined | Refused>;
  /** The clients among these that may see a message and have not read it; none if it is recalled or deleted. */
  stillNewTo(message: Omit<MessageLocation, "from">, clientIds: string[]): Promise<string[]>;
  /** Undefined for a client that is not a member. */
  unread(clientId: string, globalsAfter?: number): Promise<number | undefined | Refused>;
}
