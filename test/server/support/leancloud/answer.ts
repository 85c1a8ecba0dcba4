/** A call as the double sees it. */
export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
  /** Rows of this answer at most, whatever was asked for: a fault. */
  isHalved: boolean;
}

export interface Answer {
  status: number;
  body: unknown;
}

export const ok = (body: unknown): Answer => ({ status: 200, body });

export const refused = (status: number, code: number, error: string): Answer => {
  return { status, body: { code, error } };
};

export const noSuchRoute = refused(404, 1, "Not found.");

/** LeanCloud's rule: a limit out of range counts as 100 (http-api §15.19). */
export function limitOf({ query, isHalved }: Call, most = 1000, usual = 100): number {
  const limit = Number(query.get("limit") ?? usual);
  const wanted = limit >= 1 && limit <= most ? limit : usual;
  return isHalved ? Math.ceil(wanted / 2) : wanted;
}
