import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { JsonObject } from "../model/json.ts";
import { type ErrorBody, refuse } from "./errors.ts";
import { inPieces } from "./pieces.ts";

/**
 * The result of a request, whether it was sent alone or as a part of a batch: a status and a body, or an error with a
 * code and a sentence.
 */
export type ApiResponse = { status: 200 | 201; body: JsonObject; failure?: undefined } | ErrorResponse;

export interface ErrorResponse {
  status: ContentfulStatusCode;
  failure: ErrorBody;
}

/** The storage API's error for a missing object. */
export const notThere: ErrorResponse = {
  status: 404,
  failure: { code: 101, error: "Object is not found." },
};

export const invalid = (code: number, error: string): ErrorResponse => ({
  status: 400,
  failure: { code, error },
});

export function respond(context: Context, given: ApiResponse): Response {
  if (given.failure !== undefined) return refuse(context, given.status, given.failure);
  if (Array.isArray(given.body.results)) return inPieces(context, given.body, given.status);
  return context.json(given.body, given.status);
}
