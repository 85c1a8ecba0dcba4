/** Profiles and classes of message remembered: more than an app has; beyond it, the oldest are forgotten. */
const REMEMBERED_MAX = 1_000;

/**
 * What an isolate remembers of vendors' profiles, each known by its account's fingerprint. If it is lost, a few calls
 * are made in vain.
 */
export class ProfileMemory {
  readonly #worked = new Set<string>();
  readonly #pausedUntil = new Map<string, number>();

  /** Whether the profile is known to have sent something successfully. */
  hasWorked(fingerprint: string): boolean {
    return this.#worked.has(fingerprint);
  }

  worked(fingerprint: string): void {
    if (this.#worked.size >= REMEMBERED_MAX) this.#worked.clear();
    this.#worked.add(fingerprint);
  }

  /** Whether the day's quota for a class of message was used up and the day has not ended. */
  isPaused(fingerprint: string, messageClass: string, now: number): boolean {
    return now < (this.#pausedUntil.get(`${fingerprint} ${messageClass}`) ?? 0);
  }

  /** @param until ms */
  pause(fingerprint: string, messageClass: string, until: number): void {
    if (this.#pausedUntil.size >= REMEMBERED_MAX) this.#pausedUntil.clear();
    this.#pausedUntil.set(`${fingerprint} ${messageClass}`, until);
  }
}

const HOUR = 3_600_000; // ms
const DAY = 24 * HOUR;
/** China has one time zone without summer time. */
const SHANGHAI = 8 * HOUR;

/** When the next day begins in China, by which the vendors count quotas: 00:00 in Shanghai (ms). */
export function nextDayInChina(now: number): number {
  return (Math.floor((now + SHANGHAI) / DAY) + 1) * DAY - SHANGHAI;
}
