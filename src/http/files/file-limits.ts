import { addressLimits } from "../../gateway/limits/address-limits.ts";
import { networkOf } from "../../gateway/limits/network.ts";
import { FILES_PER_ADDRESS, UPLOADED_PER_ADDRESS } from "../../request-bounds.ts";
import type { ErrorResponse } from "../response.ts";

/* What an address may claim, beside its requests. What is admitted is counted. */

export const tooManyFiles: ErrorResponse = {
  status: 429,
  failure: { code: 429, error: "Too many files from this address lately; try again later." },
};

/** Whether an address may announce one more file. */
export function admitsFile(countedAs: string | undefined): boolean {
  return isWithin(countedAs, "files", 1, FILES_PER_ADDRESS);
}

/**
 * Whether an address may upload so many bytes more. A single upload may always be as large as the owner allows.
 *
 * @param maxBytes of one file
 */
export function admitsBytes(countedAs: string | undefined, bytes: number, maxBytes: number): boolean {
  const { public: most, other } = UPLOADED_PER_ADDRESS;
  const bounds = { public: Math.max(most, maxBytes), other: Math.max(other, maxBytes) };
  return isWithin(countedAs, "uploaded bytes", bytes, bounds);
}

function isWithin(
  countedAs: string | undefined,
  kind: string,
  amount: number,
  bounds: { public: number; other: number },
): boolean {
  const isPublic = countedAs !== undefined && networkOf(countedAs) !== undefined;
  const most = isPublic ? bounds.public : bounds.other;
  return addressLimits.take(countedAs, kind, Math.min(amount, most), most, Date.now());
}
