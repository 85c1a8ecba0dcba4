import { vi } from "vitest";
import { configure } from "./world.ts";

/** What a hook was called with. */
type Parameters = Record<string, unknown>;

let engines = 0;

/**
 * The app has an engine with these hooks, by name; for each call what it was called with. Until mocks are restored
 * and `hooks` is set back.
 */
export async function engineWith(hooks: Record<string, (parameters: Parameters) => unknown>) {
  engines += 1;
  // One of its own each time: what hooks an engine has is remembered by its address.
  const engine = `http://engine-${engines}.test`;
  const calls: { name: string; parameters: Parameters }[] = [];
  const network = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    if (!request.url.startsWith(engine)) return network(input, init);
    const name = new URL(request.url).pathname.split("/").at(-1) ?? "";
    if (name === "metadatas") return Response.json({ result: Object.keys(hooks) });
    const parameters: Parameters = await request.json();
    calls.push({ name, parameters });
    return Response.json({ result: await hooks[name]?.(parameters) });
  });
  await configure({ hooks: { url: engine, key: "hook-key", allowPrivate: true } });
  return calls;
}
