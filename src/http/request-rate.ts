import { type AddressLimits, addressLimits } from "../gateway/limits/address-limits.ts";
import { networkOf } from "../gateway/limits/network.ts";
import { REQUESTS_PER_ADDRESS } from "../request-bounds.ts";

/**
 * Whether a request with the app key, which every copy of the app has, is within the rate of its address per minute;
 * counts it if so. This machine and private networks may stand for many users and have a higher rate.
 *
 * @param weight the number of requests it counts as
 * @param now ms
 */
export function isWithinRate(
  countedAs: string | undefined,
  weight: number,
  now: number,
  limits: AddressLimits = addressLimits,
): boolean {
  const isCounted = countedAs !== undefined && networkOf(countedAs) !== undefined;
  const most = isCounted ? REQUESTS_PER_ADDRESS.public : REQUESTS_PER_ADDRESS.other;
  return limits.take(countedAs, "requests", weight, most, now);
}
