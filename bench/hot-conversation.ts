import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary } from "@bufbuild/protobuf";
import { GenericCommandSchema } from "../src/protocol/generated/message_pb.js";
import { DirectFrame, deliveredFrame } from "./frames.ts";
import { ParleyClient } from "./parley-client.ts";
import { nextSequence } from "./room.ts";
import { inParallel } from "./sockets.ts";
import { percentile } from "./statistics.ts";
import { decimal, table, whole } from "./table.ts";

/* What a conversation does when more is sent to it than it can do: who gets what, and how long until it is over. */

/** Few, since this program receives all that each of them is sent. */
const MEMBERS = 6;
/** How long (ms) the ceiling is measured, and too much is sent. */
const DURATION = 5_000;
/** How long (ms) answers are waited for: SDKs give up before. */
const PATIENCE = 25_000;
/** How often (ms) open senders send what is due. */
const TICK = 20;
const PROBES = 20;
/** How often (ms) a member says that it has what it was sent, as SDKs do: a socket that nobody seems to read is closed. */
const ACKNOWLEDGED_EVERY = 500;

interface Outcome {
  sent: number;
  acknowledged: number;
  /** By the error's number. */
  refused: Map<number, number>;
  /** ms from each send to its acknowledgement. */
  waits: number[];
  /** Sends that the close of their socket answered: SDKs connect again, and repeat them. */
  cut: number;
}

/** Logs a client in. */
type LogIn = (clientId: string) => Promise<ParleyClient>;

/** A member that sends as much as it is told, whatever is answered. */
class Member {
  client: ParleyClient;
  readonly #logIn: LogIn;
  readonly #frame: DirectFrame;
  readonly #conversationId: string;
  readonly #pending = new Map<number, number>();
  outcome = emptyOutcome();
  /** With which the server closed the socket, if it did. */
  closeCode: number | undefined;
  onAnswer: () => void = () => {};

  constructor(client: ParleyClient, conversationId: string, logIn: LogIn) {
    this.client = client;
    this.#logIn = logIn;
    this.#conversationId = conversationId;
    this.#frame = new DirectFrame(client.clientId, conversationId);
    this.#listen(client);
  }

  /** Connects again if the server closed the socket, as SDKs do. */
  async reopen(): Promise<void> {
    if (this.closeCode === undefined) return;
    this.client = await this.#logIn(this.client.clientId);
    this.closeCode = undefined;
    this.#listen(this.client);
  }

  #listen(client: ParleyClient): void {
    client.answered = (serial, frame) => this.#answered(serial, frame);
    client.closed = (code) => this.#closed(code);
  }

  get unanswered(): number {
    return this.#pending.size;
  }

  send(): void {
    if (this.closeCode !== undefined) return;
    const sequence = nextSequence();
    this.#pending.set(sequence, performance.now());
    this.outcome.sent += 1;
    this.client.send(Buffer.from(this.#frame.numbered(sequence)));
  }

  acknowledge(): void {
    if (this.closeCode === undefined)
      this.client.send(deliveredFrame(this.client.clientId, this.#conversationId));
  }

  /** Forgets what was counted, and what has no answer yet. */
  begin(): void {
    this.outcome = emptyOutcome();
    this.#pending.clear();
  }

  #closed(code: number): void {
    this.closeCode = code;
    this.outcome.cut += this.#pending.size;
    this.#pending.clear();
  }

  #answered(serial: number, frame: Buffer): void {
    const since = this.#pending.get(serial);
    if (since === undefined) return;
    this.#pending.delete(serial);
    const waited = performance.now() - since;
    const { ackMessage, errorMessage } = fromBinary(GenericCommandSchema, frame);
    const code = ackMessage?.code || errorMessage?.code || 0;
    const { outcome } = this;
    if (code === 0) {
      outcome.acknowledged += 1;
      outcome.waits.push(waited);
    } else {
      outcome.refused.set(code, (outcome.refused.get(code) ?? 0) + 1);
    }
    this.onAnswer();
  }
}

function emptyOutcome(): Outcome {
  return { sent: 0, acknowledged: 0, refused: new Map(), waits: [], cut: 0 };
}

/** Measures and describes a conversation of some members at, and beyond, what it can do. */
export async function hotConversation(server: URL, appId: string): Promise<string> {
  const logIn = (clientId: string) => ParleyClient.logIn(server, appId, clientId);
  const clients = await inParallel(MEMBERS + 1, 20, (at) => logIn(`hot-${at}`));
  const [first] = clients;
  if (first === undefined) throw new Error("nobody is there");
  const conversationId = await first.start(clients.map(({ clientId }) => clientId));
  const all = clients.map((client) => new Member(client, conversationId, logIn));
  const [watcher, ...members] = all;
  const acknowledging = setInterval(() => {
    for (const member of all) member.acknowledge();
  }, ACKNOWLEDGED_EVERY);
  for (const member of members) await probe(member, 1);
  const idle = await probe(watcher, PROBES);
  const ceiling = await ceilingOf(members);
  const rows: string[][] = [];
  for (const times of [2, 5]) {
    const each = (ceiling * times) / MEMBERS;
    rows.push(...(await overload(`everybody, ${times} times`, members, () => each, { watcher, idle })));
    const one = (at: number) => (at === 0 ? ceiling * times : 1);
    rows.push(...(await overload(`one floods, ${times} times`, members, one, { watcher, idle })));
  }
  clearInterval(acknowledging);
  for (const { client } of all) await client.leave();
  const head = [
    "sent by",
    "who",
    "a second",
    "taken",
    "refused",
    "silent",
    "ack p50, p99 ms",
    "normal after ms",
  ];
  const ceilingText = `A conversation of ${MEMBERS}: ${whole(ceiling)} sends a second, a lone one ${decimal(idle)} ms.`;
  return `${ceilingText}\n\n${table(head, rows)}`;
}

/** The p50 (ms) of sends one at a time. */
async function probe(member: Member | undefined, count: number): Promise<number> {
  if (member === undefined) throw new Error("nobody is there");
  member.begin();
  for (let at = 0; at < count; at += 1) {
    await new Promise<void>((resolve) => {
      member.onAnswer = resolve;
      member.send();
    });
    await sleep(20);
  }
  member.onAnswer = () => {};
  return percentile(member.outcome.waits, 0.5);
}

/** Sends a second that are taken while each member always has some on their way. */
async function ceilingOf(members: Member[]): Promise<number> {
  let isOver = false;
  for (const member of members) {
    member.begin();
    member.onAnswer = () => {
      if (!isOver) member.send();
    };
    for (let flying = 0; flying < 10; flying++) member.send();
  }
  await sleep(DURATION);
  isOver = true;
  const taken = members.reduce((sum, { outcome }) => sum + outcome.acknowledged, 0);
  await answered(members);
  return taken / (DURATION / 1_000);
}

async function overload(
  name: string,
  members: Member[],
  rateOf: (at: number) => number,
  { watcher, idle }: { watcher: Member | undefined; idle: number },
): Promise<string[][]> {
  for (const member of members) {
    await member.reopen();
    member.begin();
    member.onAnswer = () => {};
  }
  const start = performance.now();
  const due = members.map((_, at) => ({ rate: rateOf(at), sent: 0 }));
  while (performance.now() - start < DURATION) {
    const seconds = (performance.now() - start) / 1_000;
    for (const [at, plan] of due.entries())
      for (; plan.sent < Math.floor(plan.rate * seconds); plan.sent += 1) members[at]?.send();
    await sleep(TICK);
  }
  const outcomes = members.map(({ outcome }) => outcome);
  // How long is it, once nobody sends too much, until a member is served as before?
  const probing = recovery(watcher, idle, performance.now());
  await answered(members);
  const normalAfter = await probing;
  const silent = members.map(({ unanswered }) => unanswered);
  const groups = new Set(due.map(({ rate }) => rate));
  return [...groups].map((rate) => {
    const own = outcomes.filter((_, at) => due[at]?.rate === rate);
    const quiet = silent.filter((_, at) => due[at]?.rate === rate).reduce((sum, count) => sum + count, 0);
    return row(name, `${own.length}`, rate * own.length, own, quiet, normalAfter);
  });
}

/** How long (ms) after a moment three sends in a row take no more than three times as long as a lone one. */
async function recovery(member: Member | undefined, idle: number, since: number): Promise<number> {
  if (member === undefined) throw new Error("nobody is there");
  member.begin();
  for (let good = 0; good < 3; ) {
    await member.reopen();
    const { acknowledged } = member.outcome;
    const sentAt = performance.now();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, PATIENCE);
      member.onAnswer = () => {
        clearTimeout(timer);
        resolve();
      };
      member.send();
    });
    const isGood =
      member.outcome.acknowledged > acknowledged && performance.now() - sentAt < Math.max(3 * idle, 20);
    good = isGood ? good + 1 : 0;
    if (performance.now() - since > PATIENCE) return Number.POSITIVE_INFINITY;
    await sleep(10);
  }
  member.onAnswer = () => {};
  return performance.now() - since;
}

async function answered(members: Member[]): Promise<void> {
  for (let waited = 0; waited < PATIENCE && members.some(({ unanswered }) => unanswered > 0); waited += 50)
    await sleep(50);
}

function row(
  name: string,
  who: string,
  rate: number,
  outcomes: Outcome[],
  silent: number,
  normalAfter: number,
): string[] {
  const sent = outcomes.reduce((sum, each) => sum + each.sent, 0);
  const taken = outcomes.reduce((sum, { acknowledged }) => sum + acknowledged, 0);
  const codes = Map.groupBy(
    outcomes.flatMap(({ refused }) => [...refused]),
    ([code]) => code,
  );
  const refused = [...codes].map(
    ([code, counts]) => `${code}: ${percent(counts.reduce((sum, [, count]) => sum + count, 0) / sent)}`,
  );
  const cut = outcomes.reduce((sum, each) => sum + each.cut, 0);
  if (cut > 0) refused.push(`socket closed: ${percent(cut / sent)}`);
  const waits = outcomes.flatMap((each) => each.waits);
  const latency =
    waits.length === 0 ? "none" : `${whole(percentile(waits, 0.5))}, ${whole(percentile(waits, 0.99))}`;
  const shares = outcomes.map(({ acknowledged, sent: all }) => (all === 0 ? 0 : acknowledged / all));
  const spread = `${percent(taken / sent)} (${percent(Math.min(...shares))} to ${percent(Math.max(...shares))})`;
  return [
    name,
    who,
    whole(rate),
    spread,
    refused.join(", ") || "none",
    String(silent),
    latency,
    Number.isFinite(normalAfter) ? whole(normalAfter) : `over ${whole(PATIENCE)}`,
  ];
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
