import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { encodeCommand } from "../../../support/frames.ts";
import type { Server } from "../../../support/server.ts";

/** What a bystander's thread is told. */
export interface Asked {
  url: string;
  /** Of workerd, whose first thread does everything. */
  pid: number;
  login: Uint8Array;
  echo: Uint8Array;
}

/** The longest that one echo waited, in ms of the server's processor time; and how long that was by the clock. */
export interface Waited {
  processor: number;
  wait: number;
}

/** A client that has to do with nobody, on a socket and in a thread of its own, and echoes all the while. */
export class Bystander {
  readonly #thread: Worker;

  static async of(server: Server, clientId = "bystander"): Promise<Bystander> {
    const sessionMessage = { configBitmap: 187, ua: "raw/1", r: false };
    const asked: Asked = {
      url: `ws://127.0.0.1:${server.port}/rtm`,
      pid: await runtimeOf(server.pid),
      login: encodeCommand({
        cmd: "session",
        op: "open",
        i: 1,
        appId: "parley-dev",
        peerId: clientId,
        sessionMessage,
      }),
      echo: encodeCommand({ cmd: "echo", i: 2, peerId: clientId }),
    };
    const thread = new Worker(new URL("./bystander-thread.ts", import.meta.url), { workerData: asked });
    await once(thread, "message");
    return new Bystander(thread);
  }

  private constructor(thread: Worker) {
    this.#thread = thread;
  }

  /** The worst since it was asked last, of echoes that began before now and of one that begins now. */
  async worst(): Promise<Waited> {
    const answer = once(this.#thread, "message");
    this.#thread.postMessage("worst");
    const [waited]: Waited[] = await answer;
    if (waited === undefined) throw new Error("no answer");
    return waited;
  }

  async leave(): Promise<void> {
    await this.#thread.terminate();
  }
}

/** The process id of workerd under the process that was started. */
export async function runtimeOf(pid: number): Promise<number> {
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = await readFile(`/proc/${entry}/stat`, "utf8").catch(() => "");
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/.exec(stat) ?? [];
    if (name === "workerd" && Number(parent) === pid) return Number(entry);
  }
  throw new Error(`no workerd under ${pid}`);
}
