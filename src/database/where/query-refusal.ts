/** Why a query is refused. The detail begins with LeanCloud's code for a bad query, 102. */
export interface QueryRefusal {
  refused: "CONVERSATION_QUERY_FAILED";
  detail: string;
}

export const refusal = (detail: string): QueryRefusal => ({ refused: "CONVERSATION_QUERY_FAILED", detail });

/** More parameters than D1 takes in a statement. */
export const tooLarge = refusal("102: where is too large");

export const isQueryRefusal = (value: object): value is QueryRefusal => "refused" in value;
