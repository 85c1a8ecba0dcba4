import { answer, get, put, remove } from "../../api/client.ts";

const PATH = "/admin/conversations/{id}/hold" as const;

/** The legal hold of a conversation; null if there is none. */
export const readHold = async (id: string, signal: AbortSignal) =>
  (await answer(get(PATH, { params: { path: { id } }, signal }))).hold;

export const setHold = (id: string, reason: string) =>
  answer(put(PATH, { params: { path: { id } }, body: { reason } }));

export const endHold = (id: string) => answer(remove(PATH, { params: { path: { id } } }));
