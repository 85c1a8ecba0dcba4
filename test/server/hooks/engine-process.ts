import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface EngineProcess {
  url: string;
  /** Resolves to the next line it prints. */
  nextLine(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the official engine with the hooks of `engine.cjs`. */
export async function startEngine(): Promise<EngineProcess> {
  const path = fileURLToPath(new URL("engine.cjs", import.meta.url));
  const child = spawn(process.execPath, [path], { stdio: ["ignore", "pipe", "ignore"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const nextLine = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the engine is gone");
    return value;
  };
  const port = /^listening (\d+)$/.exec(await nextLine())?.[1];
  return {
    url: `http://127.0.0.1:${port}`,
    nextLine,
    stop: async () => {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    },
  };
}
