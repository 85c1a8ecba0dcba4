import { vi } from "vitest";
import { conversationTables } from "../../../../src/conversation/conversation-tables.ts";
import { Delivery } from "../../../../src/conversation/delivery/delivery.ts";
import { memberClients } from "../../../../src/conversation/delivery/member-clients.ts";
import type { Subscription } from "../../../../src/conversation/delivery/subscription.ts";
import { Reads } from "../../../../src/conversation/membership/reads.ts";
import { Receipts } from "../../../../src/conversation/membership/receipts.ts";
import { Replier } from "../../../../src/conversation/replier.ts";
import { ConversationState } from "../../../../src/conversation/state.ts";
import { readRecords } from "../../../../src/protocol/link-records.ts";
import { defaultSettings } from "../../../../src/settings/schema.ts";
import { NO_RELAYS } from "../../../support/no-relays.ts";
import { conversation } from "../../../support/records.ts";
import { MemorySql } from "../../../support/sqlite.ts";
import { append, BEGINNING, message, subscription } from "../people.ts";

const settings = () => defaultSettings(false);

/** A group whose members read, with a clock that the test moves, and everything that its object writes and sends. */
export class GroupChat {
  readonly sql = new MemorySql();
  now = 10_000;
  state: ConversationState;
  reads: Reads;
  /** Kinds of the records that sessions were sent, after the client's id; a reply with its serial. */
  sent: string[] = [];
  readonly #timers = new Set<{ at: number; run: () => void }>();
  readonly #turns: (() => void)[] = [];
  readonly #sessions = new Map<string, Subscription>();

  constructor(members: string[]) {
    const record = conversation("group", {
      creator: "tom",
      members,
      createdAt: BEGINNING,
      updatedAt: BEGINNING,
    });
    this.state = ConversationState.create(conversationTables(this.sql), record);
    this.reads = this.#assemble();
  }

  /** The object wakes, from what it has stored. Nobody is told what waited. */
  wake(): void {
    this.#timers.clear();
    this.#turns.length = 0;
    this.#sessions.clear();
    const state = ConversationState.load(conversationTables(this.sql));
    if (state === undefined) throw new Error("nothing is stored");
    this.state = state;
    this.reads = this.#assemble();
  }

  #delivery: Delivery | undefined;

  #assemble(): Reads {
    const { state } = this;
    const now = () => this.now;
    const delivery = new Delivery(
      {
        now,
        relays: NO_RELAYS,
        end: () => state.log.end,
        endAt: (time) => state.log.upTo(time),
        lastNotice: () => state.notices.last,
        ...memberClients(state, settings, now),
        markPending: () => {},
        clearPending: () => {},
        wake: () => new Promise(() => {}),
        retryAfter: () => {},
      },
      [],
      undefined,
    );
    this.#delivery = delivery;
    const replier = new Replier(delivery);
    return new Reads(state, delivery, replier, new Receipts(state, delivery, replier, [], now), {
      now,
      timer: (delay, run) => {
        const timer = { at: this.now + delay, run };
        this.#timers.add(timer);
        return () => void this.#timers.delete(timer);
      },
      inNextTurn: (run) => void this.#turns.push(run),
    });
  }

  /** Tom says something now. Returns its time. */
  say(): number {
    this.now += 1;
    return append(this.state, message(this.now, { from: "tom" })).timestamp;
  }

  /** A member's device reads, up to a time or everything. */
  read(clientId: string, { upTo, serial }: { upTo?: number; serial?: number } = {}): void {
    const conversations = [{ conversationId: "group", timestamp: upTo, messageId: undefined }];
    this.reads.read(this.#session(clientId), {
      name: "read",
      conversations,
      serial,
      needsCheck: false,
      appId: undefined,
      installationId: undefined,
      service: undefined,
      pushes: "with data",
      clientId,
    });
  }

  #session(clientId: string): Subscription {
    const open = this.#sessions.get(clientId);
    if (open !== undefined) return open;
    const send = (frame: Uint8Array) => {
      for (const record of readRecords(frame))
        if (record.kind !== "control")
          this.sent.push(`${clientId} ${record.kind}${record.kind === "reply" ? ` ${record.serial}` : ""}`);
    };
    const opened = this.#delivery?.subscribe(
      {
        conversationId: "group",
        clientId,
        sessionId: `session of ${clientId}`,
        origin: 1,
        mode: subscription(clientId).mode,
        address: undefined,
        since: this.state.log.end,
        noticesAfter: this.now,
        admittedAt: this.now,
        sessions: undefined,
        isPresent: true,
        relay: undefined,
      },
      { isOpen: () => true, send, save: () => {} },
    );
    if (opened === undefined) throw new Error("too far behind");
    this.#sessions.set(clientId, opened);
    this.sent = [];
    return opened;
  }

  /** Time passes (ms), with its timers. */
  pass(time: number): void {
    this.now += time;
    for (const timer of [...this.#timers]) {
      if (timer.at > this.now) continue;
      this.#timers.delete(timer);
      timer.run();
    }
  }

  /** One more turn of the thread. */
  passTurn(): void {
    for (const run of this.#turns.splice(0)) run();
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** The rows that something writes, by their tables, in order. */
  written(run: () => void): string[] {
    const exec = vi.spyOn(this.sql, "exec");
    run();
    const statements = exec.mock.calls.map(([statement]) => statement);
    exec.mockRestore();
    return statements.flatMap(
      (statement) => /^(?:UPDATE|INSERT INTO|DELETE FROM) (\w+)/.exec(statement)?.[1] ?? [],
    );
  }

  /** How far a member has read; undefined for others. */
  cursorOf(clientId: string): number | undefined {
    return this.state.members.get(clientId)?.readCursor;
  }
}
