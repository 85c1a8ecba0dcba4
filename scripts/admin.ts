import { TRIAL } from "../src/demo-mode.ts";
import { Refusal } from "./options.ts";

const DEADLINE = 15_000; // ms

/** Calls the administration of a running Parley, with the master key from the environment. */
export class Admin {
  readonly #server: string;
  readonly #headers: Record<string, string>;

  /**
   * Throws a `Refusal` (1) if the publicly known key would be sent to another machine.
   *
   * @param server such as `http://127.0.0.1:8787`
   */
  constructor(server: string, environment: NodeJS.ProcessEnv) {
    this.#server = server.replace(/\/+$/, "");
    const { APP_ID, MASTER_KEY } = TRIAL;
    if (!environment.MASTER_KEY && !isHere(server)) {
      const how = "Set APP_ID and MASTER_KEY to those of that server.";
      throw new Refusal(`${server} is another machine, and has other keys than a trial. ${how}`, 1);
    }
    this.#headers = {
      "X-LC-Id": environment.APP_ID || APP_ID,
      "X-LC-Key": `${environment.MASTER_KEY || MASTER_KEY},master`,
      "Content-Type": "application/json",
    };
  }

  /**
   * Returns the response; throws a `Refusal` (1) if it is an error or missing.
   *
   * @param body JSON, or a text that is sent as it is
   * @param deadline ms
   */
  async ask(method: string, path: string, body?: object | string, deadline = DEADLINE): Promise<unknown> {
    const { status, text } = await this.#exchange(method, path, body, deadline);
    const answer = parsed(text);
    if (status >= 200 && status <= 299 && answer !== undefined) return answer;
    if (status === 401) throw new Refusal("The server does not take this APP_ID and MASTER_KEY.", 1);
    const error =
      typeof answer === "object" && answer !== null && "error" in answer ? answer.error : undefined;
    if (typeof error === "string") throw new Refusal(`The server refuses: ${error}`, 1);
    throw new Refusal(`What answers at ${this.#server} is no Parley: status ${status}.`, 1);
  }

  async #exchange(
    method: string,
    path: string,
    body: object | string | undefined,
    deadline: number,
  ): Promise<{ status: number; text: string }> {
    try {
      const init = {
        method,
        headers: this.#headers,
        body: typeof body === "object" ? JSON.stringify(body) : body,
      };
      const signal = AbortSignal.timeout(deadline);
      const response = await fetch(`${this.#server}${path}`, { ...init, redirect: "manual", signal });
      return { status: response.status, text: await response.text() };
    } catch {
      throw new Refusal(
        `No server answers at ${this.#server}. Where another one runs, say so by --server.`,
        1,
      );
    }
  }
}

function isHere(server: string): boolean {
  return !URL.canParse(server) || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(server).hostname);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
