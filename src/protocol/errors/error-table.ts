/** Numbered refusals by the name that travels as `reason`. */
export type ErrorTable = Record<
  string,
  {
    code: number;
    meaning: string;
    /** What the developer of the app, or the operator of the server, does about it. */
    advice: string;
    /** Whether the same may succeed later, or with a new login or signature. */
    retry: boolean;
  }
>;
