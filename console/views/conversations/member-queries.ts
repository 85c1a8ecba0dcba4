import { answer, get } from "../../api/client.ts";

export async function readMembers(id: string, after: string | undefined, signal: AbortSignal) {
  const params = { path: { id }, query: { limit: 100, after } };
  return answer(get("/admin/conversations/{id}/members", { params, signal }));
}

export type MemberRow = Awaited<ReturnType<typeof readMembers>>["results"][number];
