import type { ConversationControl, LinkRequest } from "../protocol/link-controls.ts";
import { linkClose } from "../protocol/link-controls.ts";
import { controlRecord, joinRecords, noticeTimeOf } from "../protocol/link-records.ts";
import type {
  Burst,
  ColdLane,
  Count,
  DeliveryHost,
  Lane,
  Link,
  Linked,
  LinkPort,
  LinkTicket,
  Newcomer,
  Owed,
  Passing,
  Push,
} from "./lanes.ts";

const BURST_GAP = 30_000; // ms: a cold frame is on its way to a device for less than this
const UNLINK_DEADLINE = 5_000; // ms
const RETRY_FIRST = 1_000; // ms
const RETRY_LAST = 60_000; // ms
const COLD_PAGE = 200; // messages per call
const REPLAY_LIMIT = 5_000; // messages; a session further behind logs in again and catches up
const LEEWAY = 250; // ms that an object's clock and its answer may be late
const HELD_PUSHES = 200; // notifications kept for a client whose object does not answer

/**
 * Carries records to a conversation's clients by the link rules (docs/architecture.md L1-L5): members with a
 * link by links alone, members without one by the cold lane, each client in his own lane so that a slow one
 * never delays another.
 */
export class Delivery {
  readonly #host: DeliveryHost;
  readonly #lanes = new Map<string, Lane>();
  #lastNumber = 0;
  /** What the cold lane brought lately, by client; kept across his links. */
  readonly #bursts = new Map<string, Burst>();
  #unrecovered: Owed | undefined;
  #audience: { links: Link[]; others: string[] } | undefined;

  /**
   * @param links those that outlived the object's sleep
   * @param owed what was owed when the object fell asleep or died, until `makeGood` makes it good
   */
  constructor(host: DeliveryHost, links: Link[], owed: Owed | undefined) {
    this.#host = host;
    this.#unrecovered = owed;
    for (const link of links) this.#adopt(link);
  }

  /** Links of members, and the members to be served by the cold lane. Valid until the next change. */
  audience(): { links: readonly Link[]; others: readonly string[] } {
    if (this.#audience !== undefined) return this.#audience;
    const links: Link[] = [];
    const others: string[] = [];
    for (const clientId of this.#host.members()) {
      const lane = this.#lanes.get(clientId);
      if (lane?.state === "linked") links.push(...lane.links);
      else if (!this.#host.isAway(clientId)) others.push(clientId);
    }
    this.#audience = { links, others };
    return this.#audience;
  }

  /** To be called when members joined, left, went away or came back. */
  audienceChanged(): void {
    this.#audience = undefined;
  }

  /** Messages after this timestamp were appended: serves the members who have no link. */
  storedAfter(timestamp: number): void {
    const { others } = this.audience();
    if (others.length === 0) return;
    if (this.#unrecovered !== undefined) this.makeGood(); // first what is older
    this.#host.owe(timestamp);
    for (const clientId of [...others]) this.#owe(clientId, timestamp);
  }

  /**
   * One record that is not in the log, to every session of these clients.
   *
   * @param noticedAt of a notice, the time it is kept under: a client without a link is told after a crash that there
   *   is news here, and first what his links may just have broken with; his sessions know what they have heard
   */
  push(clientIds: Iterable<string>, push: Push, noticedAt?: number): void {
    for (const clientId of clientIds) {
      const lane = this.#lanes.get(clientId);
      if (lane?.state === "linked") {
        const frame = joinRecords(this.#render(clientId, [push]));
        const links = [...lane.links];
        for (const link of links) this.#send(link, frame);
        if (!isCount(push) && "fleeting" in push) this.#passed(lane.passing, push.fleeting, links);
      } else if (lane?.state === "linking" || lane?.state === "unlinking") {
        lane.pushes.push(push);
      } else if (!this.#host.isAway(clientId)) {
        // Nobody is to get what is new before what is older.
        if (this.#unrecovered !== undefined) this.makeGood();
        const cold = this.#coldLane(clientId);
        if (noticedAt !== undefined) {
          if (cold.pushes.length === 0) cold.pushes.push(...this.#unseen(clientId, noticedAt));
          this.#host.owe(Math.min(this.#host.head(), noticedAt - 1));
        }
        // Who may come back is not there for what is fleeting.
        const isMissed = cold.undecidedUntil !== undefined && !isLasting(push);
        if (!isMissed && cold.pushes.length < HELD_PUSHES) cold.pushes.push(push);
        this.#serve(clientId, cold);
      }
    }
  }

  /**
   * Records for one client, to follow on everything of the log: notices by their time, since a session takes none that
   * is older than one it has, and the count last, which includes all of it.
   */
  #render(clientId: string, pushes: readonly Push[]): Uint8Array[] {
    const records: Uint8Array[] = [];
    let wanted: Count | undefined;
    for (const push of pushes) {
      if (push === "unread" || push === "recount") wanted = wanted === "unread" ? wanted : push;
      else records.push("fleeting" in push ? push.fleeting : push);
    }
    if (records.length > 1) sortNotices(records);
    const count = wanted && this.#host.unread(clientId, wanted);
    return count === undefined ? records : [...records, count];
  }

  /**
   * One record to every session of every member but the one that caused it, which gets `own` instead.
   *
   * @param isFor which members, if not all
   */
  pushToMembers(
    push: Uint8Array | { fleeting: Uint8Array },
    {
      origin,
      own,
      noticedAt,
      isFor = () => true,
    }: { origin: number; own?: Uint8Array; noticedAt?: number; isFor?: (clientId: string) => boolean },
  ): void {
    const record = push instanceof Uint8Array ? push : push.fleeting;
    for (const clientId of this.#host.members()) {
      if (!isFor(clientId)) continue;
      const lane = this.#lanes.get(clientId);
      if (lane?.state !== "linked") {
        this.push([clientId], push, noticedAt);
        continue;
      }
      const links = [...lane.links];
      for (const link of links) {
        const frame = link.origin === origin ? own : record;
        if (frame !== undefined) this.#send(link, frame);
      }
      if (record !== push) this.#passed(lane.passing, record, links);
    }
  }

  /** Kept for as long as another session of the client may still be on its way here (L3). */
  #passed(passing: Passing[], record: Uint8Array, links: readonly Link[]): void {
    const now = this.#host.now();
    while (passing[0] !== undefined && (now - passing[0].at >= BURST_GAP || passing.length >= HELD_PUSHES)) {
      passing.shift();
    }
    passing.push({ record, at: now, sessions: new Set(links.map(({ sessionId }) => sessionId)) });
  }

  /** What passed while a session was online and not linked yet. */
  #passedBy({ clientId, sessionId, admittedAt }: LinkRequest): Push[] {
    const lane = this.#lanes.get(clientId);
    if (lane?.state !== "linked") return [];
    const missed = lane.passing.filter(({ at, sessions }) => at >= admittedAt && !sessions.has(sessionId));
    for (const { sessions } of missed) sessions.add(sessionId);
    return missed.map(({ record }) => ({ fleeting: record }));
  }

  /** Resolves when every call now under way has ended: by then it is known who is away. */
  async settled(): Promise<void> {
    const calls: Promise<void>[] = [];
    for (const lane of this.#lanes.values()) {
      if (lane.state === "cold" && lane.call !== undefined) calls.push(lane.call.settled);
    }
    await Promise.all(calls);
  }

  /** Whether a client is served by links now. */
  isLinked(clientId: string): boolean {
    return this.#lanes.get(clientId)?.state === "linked";
  }

  /** Whether what is new goes to a client by links, those that are opening or giving way included. */
  isServedByLinks(clientId: string): boolean {
    const lane = this.#lanes.get(clientId);
    return lane !== undefined && lane.state !== "cold";
  }

  /** Whether the last call to a client who has no link failed: nobody can say whether he is online. */
  isUnreached(clientId: string): boolean {
    const lane = this.#lanes.get(clientId);
    return lane?.state === "cold" && lane.failures > 0;
  }

  /** So long (ms) until it can be said whether a client is online; undefined where it is known, or nobody asked. */
  undecidedFor(clientId: string): number | undefined {
    const lane = this.#lanes.get(clientId);
    if (lane?.state !== "cold" || lane.undecidedUntil === undefined) return undefined;
    return Math.max(lane.undecidedUntil - this.#host.now(), 0);
  }

  /** Changes what a link remembers across sleep. */
  keep(link: Link, change: Partial<Pick<Link, "acknowledged">>): void {
    Object.assign(link, change);
    const { port, ...identity } = link;
    port.keep(identity);
  }

  /** One frame to one session. */
  send(link: Link, frame: Uint8Array): void {
    this.#send(link, frame);
  }

  /**
   * A link is asked for (L2). Resolves when it may be opened; `open` must follow without another await. What
   * the client was not handed yet comes by the link from then on.
   */
  async ask(request: LinkRequest): Promise<LinkTicket> {
    const { clientId } = request;
    for (;;) {
      const lane = this.#lanes.get(clientId);
      if (lane?.state === "linked") {
        return this.#ticket(request, lane, []);
      }
      if (lane?.state === "unlinking") {
        await lane.done;
        continue;
      }
      if (lane?.state === "linking") {
        await lane.ready;
        const now = this.#lanes.get(clientId);
        if (now !== lane && now?.state !== "linked") continue; // whoever asked first gave up
        return this.#ticket(request, this.#period(lane.since), lane.pushes);
      }
      const undelivered = lane?.after ?? this.#host.head();
      const since = Math.min(undelivered, this.#unrecovered?.log ?? undelivered);
      const pushes = [...this.#owedNotices(clientId), ...(lane?.pushes ?? [])];
      const ready = lane?.call?.settled ?? Promise.resolve();
      const linking: Lane = { state: "linking", since, pushes, ready };
      this.#lanes.set(clientId, linking);
      this.#audience = undefined;
      await linking.ready;
      return this.#ticket(request, this.#period(linking.since), pushes);
    }
  }

  /** Notices that nobody knows to have arrived: they are new also to a session that began after them. */
  #owedNotices(clientId: string): Uint8Array[] {
    if (this.#unrecovered === undefined) return [];
    return this.#host.notices(clientId, { after: this.#unrecovered.notices, again: false });
  }

  /** A session that has seen nothing yet is replayed what the cold lane may still be bringing it. */
  #ticket(request: LinkRequest, linked: Linked, pushes: Push[]): LinkTicket {
    const burst = this.#burst(request.clientId);
    const unseen = Math.min(burst?.after ?? linked.since, linked.since);
    return { ...linked, replayAfter: request.since ?? unseen, pushes };
  }

  #period(since: number): Linked {
    return { period: crypto.randomUUID(), since, startedAt: this.#host.now() };
  }

  #burst(clientId: string): Burst | undefined {
    const burst = this.#bursts.get(clientId);
    if (burst === undefined || this.#host.now() - burst.lastAt < BURST_GAP) return burst;
    this.#bursts.delete(clientId);
    return undefined;
  }

  /** What `ask` promised will not be opened after all: back to the cold lane. */
  abandon(clientId: string): void {
    const lane = this.#lanes.get(clientId);
    if (lane?.state === "linking") this.#cool(clientId, lane.since, lane.pushes);
  }

  /**
   * Opens the link that `ask` promised: names the period, replays the log, hands over what was held. Returns
   * the link, or undefined when the session is too far behind to be replayed (it must log in again).
   */
  open(request: LinkRequest, ticket: LinkTicket, port: LinkPort): Link | undefined {
    const current = this.#lanes.get(request.clientId);
    const linked = current?.state === "linked" ? current : ticket;
    const { period, since, startedAt } = linked;
    const burst = this.#burst(request.clientId);
    const replay = this.#host.replay(request.clientId, ticket.replayAfter, REPLAY_LIMIT);
    if (replay?.more) return undefined;
    const { clientId, sessionId, origin, mode, address } = request;
    const link: Link = {
      number: this.#lastNumber + 1,
      clientId,
      sessionId,
      origin,
      mode,
      address,
      acknowledged: 0,
      period,
      since,
      startedAt,
      burst,
      port,
    };
    this.#adopt(link);
    this.keep(link, {});
    this.#host.setAway(clientId, false);
    this.#audience = undefined;
    const opened: ConversationControl = { type: "opened", period, since, head: this.#host.head() };
    if (current?.state === "linking") this.#settleDebt();
    // What was said to a link that broke, or to other sessions while this one was on its way, is said again: a
    // session takes a notice once, and a count is right whatever it knows.
    const recount = this.#host.readMovedAt(clientId) > request.admittedAt - BURST_GAP;
    const known = Math.max(request.admittedAt, this.#host.now() - BURST_GAP);
    const notices = this.#host.notices(clientId, { after: known, again: true });
    const wanted: Push[] = [...notices, ...ticket.pushes, ...this.#passedBy(request)];
    const held = this.#render(clientId, recount ? [...wanted, "recount"] : wanted);
    port.send(joinRecords([controlRecord(opened), ...(replay ? [replay.frame] : []), ...held]));
    return link;
  }

  /** The link is gone, whoever closed it. */
  closed(link: Link): void {
    const lane = this.#lanes.get(link.clientId);
    if (lane?.state !== "linked" && lane?.state !== "unlinking") return;
    const at = lane.links.findIndex(({ number }) => number === link.number);
    if (at === -1) return;
    lane.links.splice(at, 1);
    this.#audience = undefined;
    if (lane.links.length > 0) return;
    if (lane.state === "unlinking") lane.finish();
    else this.#cool(link.clientId, this.#seenByAll(lane), this.#unseen(link.clientId));
  }

  /**
   * Up to where every session of a client was served when his links end. A link that was open for a moment only
   * may have served its own session alone, before the others heard of it (L3): they are owed all of it.
   */
  #seenByAll({ startedAt, since, newcomer }: Linked & { newcomer: Newcomer | undefined }): number {
    const recent = this.#host.now() - BURST_GAP;
    const head = newcomer !== undefined && newcomer.at > recent ? newcomer.since : this.#host.head();
    return startedAt > recent ? Math.min(since, head) : head;
  }

  /** Notices that a session on its way here may not have seen when his links end; to those that have, nothing new. */
  #unseen(clientId: string, before?: number): Push[] {
    const since = this.#host.now() - BURST_GAP;
    const notices = this.#host.notices(clientId, { after: since, before, again: true });
    return this.#host.readMovedAt(clientId) > since ? [...notices, "recount"] : notices;
  }

  /** A session needs the room (L4): every link of its client closes, and he is cold again as a whole. */
  unlink(clientId: string): void {
    const lane = this.#lanes.get(clientId);
    if (lane?.state !== "linked") return;
    let resolve = (): void => {};
    const done = new Promise<void>((settle) => {
      resolve = settle;
    });
    const links = [...lane.links];
    const cancel = this.#host.timer(UNLINK_DEADLINE, () => {
      for (const link of unlinking.links.splice(0)) link.port.close(linkClose.UNLINKED, "unlinked");
      unlinking.finish();
    });
    const unlinking: Extract<Lane, { state: "unlinking" }> = {
      state: "unlinking",
      links,
      since: this.#seenByAll(lane),
      pushes: this.#unseen(clientId),
      done,
      finish: () => {
        cancel();
        if (this.#lanes.get(clientId) === unlinking) this.#cool(clientId, unlinking.since, unlinking.pushes);
        resolve();
      },
    };
    this.#lanes.set(clientId, unlinking);
    this.#audience = undefined;
    const word: ConversationControl = { type: "unlinked", period: lane.period };
    for (const link of links) this.#send(link, controlRecord(word));
  }

  /**
   * The client logged in: he is not away, and older answers are stale. He is told everything up to the head by the
   * catch-up; what came after it, and notices after his login, he is owed.
   */
  caughtUp(clientId: string, head: number, lastNotice: number): void {
    const lane = this.#lanes.get(clientId);
    if (lane?.state === "cold" && lane.call !== undefined) lane.call.overtaken = true;
    this.#host.setAway(clientId, false);
    this.#audience = undefined;
    if (lane?.state === "linked") {
      // He links too, from the head on, unless the links there are end before.
      lane.newcomer = { since: Math.min(lane.newcomer?.since ?? head, head), at: this.#host.now() };
      return;
    }
    const since = this.#host.notices(clientId, { after: lastNotice, again: false });
    for (const notice of since) this.push([clientId], notice);
    if (lane?.state === "cold" && lane.undecidedUntil !== undefined) {
      lane.undecidedUntil = undefined;
      this.#serve(clientId, lane);
    }
    if (!this.#host.isMember(clientId) || head >= this.#host.head()) return;
    this.#host.owe(head);
    this.#owe(clientId, head);
  }

  /**
   * Makes good what is owed: after a restart, to every member without a link who is not away, since nobody knows
   * any more whom it reached; else to each client whose object did not answer.
   */
  makeGood(): void {
    const owed = this.#unrecovered;
    this.#unrecovered = undefined;
    if (owed !== undefined) {
      const { others } = this.audience();
      for (const clientId of [...others, ...this.#host.leftAfter(owed.notices)]) {
        const notices = this.#host.notices(clientId, { after: owed.notices, again: false });
        for (const notice of notices) this.push([clientId], notice, owed.notices + 1);
      }
      if (owed.log < this.#host.head()) for (const clientId of [...others]) this.#owe(clientId, owed.log);
    }
    for (const [clientId, lane] of this.#lanes) {
      if (lane.state !== "cold" || lane.call !== undefined) continue;
      const wait = this.undecidedFor(clientId) ?? 0;
      if (wait > 0) this.#host.retryAfter(wait);
      else {
        lane.undecidedUntil = undefined;
        this.#serve(clientId, lane);
      }
    }
    this.#settleDebt();
  }

  #adopt(link: Link): void {
    this.#lastNumber = Math.max(this.#lastNumber, link.number);
    if (link.burst !== undefined) this.#bursts.set(link.clientId, link.burst);
    const lane = this.#lanes.get(link.clientId);
    if (lane?.state === "linked") {
      lane.links.push(link);
      lane.since = Math.min(lane.since, link.since);
    } else {
      const { period, since, startedAt } = link;
      this.#lanes.set(link.clientId, {
        state: "linked",
        links: [link],
        newcomer: undefined,
        passing: [],
        period,
        since,
        startedAt,
      });
    }
    this.#audience = undefined;
  }

  #send(link: Link, frame: Uint8Array): void {
    // A socket that is closing refuses; its close event follows and the client is served another way.
    try {
      link.port.send(frame);
    } catch {
      this.closed(link);
    }
  }

  #coldLane(clientId: string): ColdLane {
    const lane = this.#lanes.get(clientId);
    if (lane?.state === "cold") return lane;
    const cold: ColdLane = {
      state: "cold",
      after: undefined,
      pushes: [],
      call: undefined,
      failures: 0,
      undecidedUntil: undefined,
    };
    this.#lanes.set(clientId, cold);
    return cold;
  }

  #owe(clientId: string, after: number): void {
    const current = this.#lanes.get(clientId);
    if (current !== undefined && current.state !== "cold") return; // its replay covers it
    const lane = this.#coldLane(clientId);
    lane.after = Math.min(lane.after ?? after, after);
    this.#serve(clientId, lane);
  }

  /** From links back to the cold lane, with what gathered in between. */
  #cool(clientId: string, since: number, pushes: Push[]): void {
    this.#lanes.delete(clientId);
    this.#audience = undefined;
    const behind = this.#host.isMember(clientId) && since < this.#host.head();
    if (!behind && pushes.length === 0) return;
    const lane = this.#coldLane(clientId);
    lane.pushes = pushes;
    if (behind) {
      this.#host.owe(since);
      lane.after = since;
    }
    this.#serve(clientId, lane);
  }

  /** One call in flight per client; the next carries what gathered meanwhile. */
  #serve(clientId: string, lane: ColdLane): void {
    if (lane.call !== undefined || lane.undecidedUntil !== undefined) return;
    if (lane.after === undefined && lane.pushes.length === 0) return;
    const after = lane.after;
    const replay = after === undefined ? undefined : this.#host.replay(clientId, after, COLD_PAGE);
    // A count that includes what is still to come would be counted on.
    const early = (push: Push) => isCount(push) && replay?.more === true;
    const pushes = lane.pushes.filter((push) => !early(push));
    lane.pushes = lane.pushes.filter(early);
    lane.after = replay?.more ? replay.upTo : undefined;
    const now = this.#host.now();
    if (after !== undefined) {
      this.#bursts.set(clientId, { after: this.#burst(clientId)?.after ?? after, lastAt: now });
    }
    const frame = joinRecords([...(replay ? [replay.frame] : []), ...this.#render(clientId, pushes)]);
    const call = { overtaken: false, settled: Promise.resolve() };
    call.settled = this.#host.deliverCold(clientId, frame).then(
      (reached) => {
        lane.call = undefined;
        lane.failures = 0;
        if (call.overtaken) this.#delivered(clientId, lane, true);
        else if (typeof reached === "string") this.#delivered(clientId, lane, reached === "online");
        else this.#undecided(clientId, lane, { within: reached.within, after, pushes });
      },
      () => {
        lane.call = undefined;
        this.#failed(clientId, lane, after, pushes);
      },
    );
    lane.call = call;
  }

  #delivered(clientId: string, lane: ColdLane, online: boolean): void {
    if (this.#lanes.get(clientId) === lane) {
      if (online) this.#serve(clientId, lane);
      else {
        this.#lanes.delete(clientId);
        this.#host.setAway(clientId, true);
        this.#audience = undefined;
      }
    }
    this.#settleDebt();
  }

  /** Nobody was there, but somebody may be back in a moment: all of it is kept until then. */
  #undecided(clientId: string, lane: ColdLane, call: { within: number } & Carried): void {
    if (this.#takenBack(clientId, lane, call) && (lane.after !== undefined || lane.pushes.length > 0)) {
      lane.undecidedUntil = this.#host.now() + call.within + LEEWAY;
      this.#host.retryAfter(call.within + LEEWAY);
    }
    this.#settleDebt();
  }

  #failed(clientId: string, lane: ColdLane, after: number | undefined, pushes: Push[]): void {
    if (!this.#takenBack(clientId, lane, { after, pushes })) return;
    lane.failures += 1;
    this.#host.retryAfter(Math.min(RETRY_FIRST * 2 ** (lane.failures - 1), RETRY_LAST));
  }

  /** What a call carried in vain goes into the lane again; whether the client still has this one. */
  #takenBack(clientId: string, lane: ColdLane, { after, pushes }: Carried): boolean {
    const current = this.#lanes.get(clientId);
    // It may have arrived all the same.
    const again = pushes.filter(isLasting);
    if (current?.state === "linking") {
      // The link takes over what the call could not bring.
      current.pushes.unshift(...again);
      if (after !== undefined) current.since = Math.min(current.since, after);
      return false;
    }
    if (current !== lane) return false;
    if (after !== undefined) lane.after = Math.min(lane.after ?? after, after);
    lane.pushes = [...again, ...lane.pushes].slice(0, HELD_PUSHES);
    return true;
  }

  #settleDebt(): void {
    for (const lane of this.#lanes.values()) {
      if (lane.state === "linked") continue;
      // Between lanes nobody is served; a crash now would leave no other trace of it.
      if (lane.state !== "cold") return;
      if (lane.call !== undefined || lane.after !== undefined || lane.pushes.length > 0) return;
    }
    if (this.#unrecovered === undefined) this.#host.owesNothing();
  }
}

/** What a call to a client's object brings: the log after a time, and what is not in the log. */
interface Carried {
  after: number | undefined;
  pushes: Push[];
}

/** Whether it may be told later, and again. */
function isLasting(push: Push): boolean {
  return isCount(push) || push instanceof Uint8Array;
}

function isCount(push: Push): push is Count {
  return push === "unread" || push === "recount";
}

/** By their time, and before everything else. */
function sortNotices(records: Uint8Array[]): void {
  const times = new Map(records.map((record) => [record, noticeTimeOf(record) ?? Number.MAX_VALUE]));
  records.sort((one, other) => (times.get(one) ?? 0) - (times.get(other) ?? 0));
}
