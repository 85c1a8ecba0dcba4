import * as v from "valibot";
import { createStore, type Store } from "../ui/store.ts";
import { ApiError, errorOf } from "./api-error.ts";

const sessionShape = v.looseObject({
  name: v.optional(v.nullable(v.string())),
  app_id: v.string(),
  expires_at: v.optional(v.union([v.string(), v.number()])),
  version: v.optional(v.string()),
});

/** Who is signed in, and to what. */
export type Session = v.InferOutput<typeof sessionShape>;

export type SessionState =
  | { phase: "loading" }
  | { phase: "signed in"; session: Session }
  /** It ran out, or was ended elsewhere: the page stays, and the sign-in is over it. */
  | { phase: "ended"; session: Session | undefined }
  | { phase: "failed"; error: Error };

export const sessionState: Store<SessionState> = createStore<SessionState>({ phase: "loading" });

const PATH = "/console/session";
const headers = { "X-Parley-Console": "1" };

async function call(init: RequestInit): Promise<Session> {
  const response = await fetch(PATH, init).catch(() => {
    throw new ApiError("The server does not answer. Is it running, and are you online?", { status: 0 });
  });
  const body: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw errorOf(response, body);
  const parsed = v.safeParse(sessionShape, body);
  if (!parsed.success)
    throw new ApiError("The server answers in a form that this console does not know.", { status: 0 });
  return parsed.output;
}

/** Signs in. Throws an `ApiError`: 401 is a wrong key, 429 too many tries. */
export async function signIn(masterKey: string, name: string): Promise<Session> {
  const body = name === "" ? { master_key: masterKey } : { master_key: masterKey, name };
  const session = await call({
    method: "POST",
    headers: { "X-Parley-Console": "1", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  sessionState.set({ phase: "signed in", session });
  return session;
}

/** Reads who is signed in, at the start. */
export async function readSession(): Promise<void> {
  try {
    sessionState.set({ phase: "signed in", session: await call({ headers }) });
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) sessionEnded();
    else
      sessionState.set({ phase: "failed", error: error instanceof Error ? error : new Error(String(error)) });
  }
}

/** Whether the session is over: then one signs in over the page. Where the server does not answer, it is not known to be. */
export async function isSessionOver(): Promise<boolean> {
  try {
    await call({ headers });
    return false;
  } catch (error) {
    const isOver = error instanceof ApiError && error.status === 401;
    if (isOver) sessionEnded();
    return isOver;
  }
}

/** Waits until somebody is signed in. */
export function whenSignedIn(): Promise<void> {
  return new Promise((resolve) => {
    const stop = sessionState.subscribe(() => {
      if (sessionState.get().phase !== "signed in") return;
      stop();
      resolve();
    });
  });
}

/** Ends the session in this browser, and shows the sign-in page. */
export async function signOut(): Promise<void> {
  await fetch(PATH, { method: "DELETE", headers });
  location.assign("/console");
}

/** A request was answered with 401. */
export function sessionEnded(): void {
  const state = sessionState.get();
  if (state.phase === "ended") return;
  sessionState.set({ phase: "ended", session: state.phase === "signed in" ? state.session : undefined });
}
