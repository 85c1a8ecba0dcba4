import * as v from "valibot";
import { group, perMinute, wholeNumber } from "./value-schemas.ts";

/** What clients, sockets and the app may do in a time, and how large it may be. */
export const limitSettings = () =>
  group({
    /** Commands of one client on one socket, like the other command limits. A user with five windows sends 300. */
    sendsPerMinute: v.optional(perMinute(), 600),
    historyQueriesPerMinute: v.optional(perMinute(), 600),
    /** Counted separately; look-ups by id have ten times as many, list queries half (`gateway/limits/rate-limits.ts`). */
    otherCommandsPerMinute: v.optional(perMinute(), 300),
    /** The number of busy users that one address may stand for; 0 is unlimited. */
    peoplePerAddress: v.optional(wholeNumber(0, 1_000_000), 200),
    /** Content and push data of one message together, in bytes. An offer of a video call takes up to 30 KB. */
    messageBytes: v.optional(wholeNumber(1, 65_536), 32_768),
    /** Name of a conversation. */
    nameCharacters: v.optional(wholeNumber(1, 10_000), 1_024),
    /** Name, attributes and custom columns of a conversation together, as JSON. A frame takes 128 KiB. */
    attributesCharacters: v.optional(wholeNumber(2, 100_000), 65_536),
    /** Members of one conversation. */
    members: v.optional(wholeNumber(1, 10_000), 500),
    /** Members of one temporary conversation. */
    temporaryMembers: v.optional(wholeNumber(1, 100), 10),
    /** Clients that one conversation silences, and as many that it blocks. */
    listedClients: v.optional(wholeNumber(1, 10_000), 500),
    /** The same of a chat room or service conversation. */
    listedClientsInRooms: v.optional(wholeNumber(1, 10_000), 10_000),
    /** Subscriptions of one session (L1). Cloudflare's free plan allows a socket 50 subrequests. */
    linksPerSession: v.optional(wholeNumber(1, 100), 64),
    /** From connecting to the first login; then close code 4108. */
    loginSeconds: v.optional(wholeNumber(1, 3_600), 30),
    /** A silent device counts as gone after this time: close code 4107. SDKs send a heartbeat every 180 s. */
    silenceSeconds: v.optional(wholeNumber(1, 86_400), 400),
    /** An idle socket is sent an `echo` after this time, so that no proxy closes it; 0 sends none. */
    keepAliveSeconds: v.optional(wholeNumber(0, 3_600), 50),
    /** The time that a device with a broken connection has to come back before events are sent about it. */
    returnSeconds: v.optional(wholeNumber(0, 300), 15),
    /** Messages sent, edited and recalled over HTTP, of the whole app (L-10); 0 is unlimited. */
    restMessagesPerMinute: v.optional(perMinute(), 1_800),
    /** Broadcasts to subscribers of a service, their edits and recalls, of the whole app (L-11); 0 is unlimited. */
    broadcastsPerMinute: v.optional(perMinute(), 30),
    /** The same in a day (UTC). */
    broadcastsPerDay: v.optional(perMinute(), 1_000),
    /** Broadcasts to everybody and their edits, of the whole app (L-12); 0 is unlimited. */
    globalBroadcastsPerMinute: v.optional(perMinute(), 10),
    /** The same in a day (UTC). */
    globalBroadcastsPerDay: v.optional(perMinute(), 30),
    /** Notifications requested over HTTP, of the whole app; 0 is unlimited. */
    pushesPerMinute: v.optional(perMinute(), 600),
    /** New installations with the app key, of the whole app. */
    installationsPerMinute: v.optional(perMinute(), 3_000),
    /** New files with the app key, of the whole app. */
    filesPerMinute: v.optional(perMinute(), 3_000),
    /** New users with the app key, of the whole app. */
    signUpsPerMinute: v.optional(perMinute(), 600),
  });
