/** What a deployment has, without its objects and queues: names and keys, its database, and ways to other servers. */
export interface Deployment {
  /** The one app this deployment serves. */
  APP_ID: string;
  /** Secret: lets an app's clients call the HTTP API. */
  APP_KEY: string;
  /** Secret: LeanCloud's key for Android builds that start with the app id alone. It has the rights of the app key. */
  ANDROID_KEY?: string;
  /** Secret: full rights over HTTP, and the key under session tokens and signatures. */
  MASTER_KEY: string;
  /** "1" turns editing and recalling on by default (`npm start -- --demo`). */
  DEMO?: string;
  DB: D1Database;
  /** The databases of messages, if they are not all in `DB`: generations, as JSON (docs/cloudflare.md). */
  ARCHIVE?: unknown;
  /** The bytes of files. Without a bucket or folder no file is taken, and everything else works. */
  FILES?: R2Bucket;
  /** In its place on a single machine: workerd's service for a folder. */
  FILES_FOLDER?: Fetcher;
  /** `loopback` in tests alone, which play push services on this machine; no setting reaches it. */
  TEST_PUSH_SERVICES?: string;
  /** "1" under `npm start`. */
  SINGLE_MACHINE?: string;
  /** On how many objects the state of the app is, 1 to 64; 16 without it, and 1 on a single machine. */
  APP_SHARDS?: string;
  /** On a single machine: how many proxies of the owner's stand before it, as a number in text. */
  PROXIES?: string;
  /** "1" on a single machine where only this machine can connect. */
  LOOPBACK?: string;
  /** "1" where the console is on for people at the machine itself, whatever the settings say. */
  CONSOLE?: string;
  /** On a single machine: calls that cannot leave for a private network, whatever a name resolves to. */
  PUBLIC_NETWORK?: Fetcher;
  /** On a single machine, whose runtime speaks no HTTP/2: calls to Apple. */
  HTTP2?: Fetcher;
  /** On a single machine: how the process around the runtime is, as JSON. */
  HOST?: Fetcher;
}
