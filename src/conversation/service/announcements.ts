import { ANNOUNCED_AT_ONCE, SETTINGS_SPREAD } from "../../bounds.ts";
import { forEachLimited } from "../../limited-calls.ts";
import { loggableError } from "../../loggable-error.ts";
import { type ListedBroadcast, listed } from "../../model/unexpired-broadcasts.ts";
import * as clientEvents from "../../protocol/client-events.ts";
import { missedRecord } from "../../protocol/link-records.ts";
import type { ConversationState } from "../state.ts";
import type { Announcement } from "./global-broadcasts.ts";
import type { ServiceState } from "./service-state.ts";

const PAGE = 500; // clients
const RETRY = 5_000; // ms

export interface AnnouncementsHost {
  now(): number;
  /** Replaces this service's list of unexpired broadcasts, which every isolate has. May reject. */
  saveUnexpired(conversationId: string, broadcasts: ListedBroadcast[]): Promise<void>;
  /** A page of the clients that are online, in the order of their ids. May reject. */
  onlineAfter(clientId: string, limit: number): Promise<string[]>;
  /**
   * Sends a record to the sessions of a client that logged in after a time (ms), or to all. Nothing is written there.
   * May reject.
   */
  announce(clientId: string, record: Uint8Array, openedAfter: number | undefined): Promise<void>;
  /** Calls `run` after this many milliseconds, even if the object hibernates or dies before. */
  announceWithin(delay: number): void;
}

/**
 * Sends broadcasts to everybody that is online (V-04). First the list is saved by which others find them at their login.
 * Then all clients that are online are sent them, some at a time. Isolates may have had the old list a little longer, so
 * who logged in meanwhile is sent them once more; SDKs know a message by its id. How far this is, is stored.
 */
export class Announcements {
  readonly #state: ConversationState;
  readonly #service: ServiceState;
  readonly #host: AnnouncementsHost;
  #isRunning = false;

  constructor(state: ConversationState, service: ServiceState, host: AnnouncementsHost) {
    this.#state = state;
    this.#service = service;
    this.#host = host;
  }

  /** Lists a new broadcast, or takes one off the list, and then goes on. Resolves when it is listed. Never rejects. */
  async begin(): Promise<void> {
    try {
      await this.#saveList();
    } catch (error) {
      console.warn(`broadcasts of ${this.#state.facts.id} are not listed yet:`, loggableError(error));
    }
    void this.run();
  }

  /** Goes on with what is not done. Never rejects. */
  async run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let next = this.#service.globals.next; next !== undefined; next = this.#service.globals.next) {
        if (this.#state.isDeleted) return;
        const wait = next.pass === "again" ? next.timestamp + SETTINGS_SPREAD - this.#host.now() : 0;
        if (wait > 0) {
          this.#host.announceWithin(wait);
          return;
        }
        await this.#step(next);
      }
    } catch (error) {
      console.warn(`broadcasts of ${this.#state.facts.id} are late:`, loggableError(error));
      this.#host.announceWithin(RETRY);
    } finally {
      this.#isRunning = false;
    }
  }

  /** Sends something to everybody that is online now, and to nobody later. Never rejects. */
  async sendNow(record: Uint8Array): Promise<void> {
    try {
      for (let last = ""; ; ) {
        const page = await this.#host.onlineAfter(last, PAGE);
        await this.#toAll(page, record, undefined);
        last = page.at(-1) ?? "";
        if (page.length < PAGE) return;
      }
    } catch (error) {
      console.warn(`a broadcast of ${this.#state.facts.id} did not reach all:`, loggableError(error));
    }
  }

  async #step({ timestamp, pass, reached, validTill }: Announcement): Promise<void> {
    const { globals } = this.#service;
    const { id } = this.#state.facts;
    if (pass === "list") return this.#saveList();
    const now = this.#host.now();
    const message = this.#state.log.at(timestamp);
    if (message === undefined || validTill <= now) return globals.advance(timestamp, "done", "");
    const page = await this.#host.onlineAfter(reached, PAGE);
    const { kind } = this.#state.facts;
    const record = missedRecord(id, clientEvents.message({ conversationId: id, kind, message }));
    await this.#toAll(page, record, pass === "again" ? timestamp - 1_000 : undefined);
    const last = page.at(-1);
    if (page.length === PAGE && last !== undefined) return globals.advance(timestamp, pass, last);
    globals.advance(timestamp, pass === "all" ? "again" : "done", "");
  }

  async #saveList(): Promise<void> {
    const { globals } = this.#service;
    const unlisted = globals.unlisted;
    const valid = globals
      .validAt(this.#host.now())
      .map(({ timestamp: at, validTill }) => ({ at, validTill }));
    await this.#host.saveUnexpired(this.#state.facts.id, listed(valid));
    for (const { timestamp, validTill } of unlisted)
      if (globals.isUnchanged(timestamp, validTill)) globals.advance(timestamp, "all", "");
  }

  /** A client whose object does not answer gets it at its next login. */
  async #toAll(clientIds: string[], record: Uint8Array, openedAfter: number | undefined): Promise<void> {
    await forEachLimited(clientIds, ANNOUNCED_AT_ONCE, (clientId) =>
      this.#host.announce(clientId, record, openedAfter).catch(() => {}),
    );
  }
}
