import type { JsonObject } from "../model/json.ts";
import type { ConversationRecord, Will } from "../model/records.ts";
import type { Changed, Refused } from "../protocol/outcome.ts";
import type { HistoryMessage } from "../protocol/replies.ts";
import type { CatchUp, CatchUpRequest } from "./catch-up.ts";
import type { Described, Wanted } from "./description.ts";
import type { HistoryRequest } from "./log.ts";
import type { MissedNotices } from "./notices.ts";
import type { MessageLocation, PatchByServer, RowChange, RowChanged, ServerMessage } from "./server-calls.ts";
import type { Started } from "./started.ts";

/** What the rest of the service may ask of a ConversationObject. */
export interface ConversationStub {
  fetch(request: Request): Promise<Response>;
  /** @param origin who asked: `client` is told by his own object, as with everything else he asks it for */
  start(record: ConversationRecord, origin: "client" | "server"): Promise<Started>;
  /** The same in this object alone; undefined where the members of a unique one are others by now. */
  startHere(record: ConversationRecord, origin: "client" | "server"): Promise<Started | undefined>;
  /** Whether the unique conversation of exactly these people is there; of the object whose id follows from them. */
  hasUnique(members: string[]): Promise<boolean>;
  /** Whether exactly these people are in it. */
  isOf(members: string[]): Promise<boolean>;
  /** @param viewer who asks; undefined for the app's server, which sees all of it */
  describe(viewer: string | undefined, wanted?: Wanted): Promise<Described | undefined>;
  /** Copies to D1 what it lacks; whether D1 has it then. */
  copyNow(): Promise<boolean>;
  isMember(clientId: string): Promise<boolean>;
  catchUp(clientId: string, request: CatchUpRequest): Promise<CatchUp | undefined>;
  missedNotices(clientId: string, after: number): Promise<MissedNotices>;
  will(from: string, will: Will): Promise<void>;
  // For the app's own server (http-api §2): by no client, whatever the settings allow clients to do.
  members(): Promise<{ members: string[]; muted: string[] } | Refused>;
  addMembers(clientIds: string[]): Promise<Changed | Refused>;
  removeMembers(clientIds: string[]): Promise<Changed | Refused>;
  setMuted(clientIds: string[], muted: boolean): Promise<Changed | Refused>;
  /** `changes` by column path, values or operations, as clients send them. */
  change(changes: JsonObject): Promise<Changed | Refused>;
  /** Changes a row of the class: members, mutes and columns together, if a condition holds at that moment. */
  changeRow(change: RowChange): Promise<RowChanged>;
  /** Deletes it with its history, for everybody. */
  remove(): Promise<undefined | Refused>;
  sendAsServer(message: ServerMessage): Promise<{ messageId: string; timestamp: number } | Refused>;
  /** @param viewer who looks; undefined for the app's server, which sees what is for some only */
  history(request: HistoryRequest, viewer: string | undefined): Promise<HistoryMessage[] | Refused>;
  /** Edits or recalls; with `silent` only the stored copy changes. */
  patch(patch: PatchByServer): Promise<undefined | Refused>;
  deleteMessage(place: MessageLocation): Promise<undefined | Refused>;
  /** Of these clients those who may see a message and have not read it; nobody once it is recalled or gone. */
  stillNewTo(message: Omit<MessageLocation, "from">, clientIds: string[]): Promise<string[]>;
  /** Undefined for who is no member. */
  unread(clientId: string): Promise<number | undefined | Refused>;
}
