import * as v from "valibot";
import { described, group, perMinute, wholeNumber } from "./value-schemas.ts";

/** What clients, sockets and the app may do in a time, and how large it may be. */
export const limitSettings = () =>
  group({
    sendsPerMinute: v.optional(
      described(
        "Messages that one client may send on one socket in a minute; 0 is unlimited. A user with five windows sends 300.",
        perMinute(),
      ),
      600,
    ),
    historyQueriesPerMinute: v.optional(
      described("History queries of one client on one socket in a minute; 0 is unlimited.", perMinute()),
      600,
    ),
    otherCommandsPerMinute: v.optional(
      described(
        "Each other command of one client on one socket in a minute, counted by itself: look-ups by id have ten times as many, list queries half; 0 is unlimited.",
        perMinute(),
      ),
      300,
    ),
    peoplePerAddress: v.optional(
      described(
        "The number of busy users that one address may stand for; 0 is unlimited.",
        wholeNumber(0, 1_000_000),
      ),
      200,
    ),
    messageBytes: v.optional(
      described(
        "Content and push data of one message together, in bytes. An offer of a video call takes up to 30 KB.",
        wholeNumber(1, 65_536),
      ),
      32_768,
    ),
    nameCharacters: v.optional(
      described("Characters in the name of a conversation.", wholeNumber(1, 10_000)),
      1_024,
    ),
    attributesCharacters: v.optional(
      described(
        "Name, attributes and custom columns of a conversation together, as JSON. A frame takes 128 KiB.",
        wholeNumber(2, 100_000),
      ),
      65_536,
    ),
    members: v.optional(described("Members of one conversation.", wholeNumber(1, 10_000)), 500),
    temporaryMembers: v.optional(
      described("Members of one temporary conversation.", wholeNumber(1, 100)),
      10,
    ),
    listedClients: v.optional(
      described(
        "Clients that one conversation silences, and as many that it blocks.",
        wholeNumber(1, 10_000),
      ),
      500,
    ),
    listedClientsInRooms: v.optional(
      described(
        "Clients that one chat room or service conversation silences, and as many that it blocks.",
        wholeNumber(1, 10_000),
      ),
      10_000,
    ),
    linksPerSession: v.optional(
      described(
        "Subscriptions of one session. Cloudflare's free plan allows a socket 50 subrequests.",
        wholeNumber(1, 100),
      ),
      64,
    ),
    loginSeconds: v.optional(
      described("From connecting to the first login; then close code 4108.", wholeNumber(1, 3_600)),
      30,
    ),
    silenceSeconds: v.optional(
      described(
        "A silent device counts as gone after this time: close code 4107. SDKs send a heartbeat every 180 s.",
        wholeNumber(1, 86_400),
      ),
      400,
    ),
    keepAliveSeconds: v.optional(
      described(
        "An idle socket is sent an `echo` after this time, so that no proxy closes it; 0 sends none.",
        wholeNumber(0, 3_600),
      ),
      50,
    ),
    returnSeconds: v.optional(
      described(
        "The time that a device with a broken connection has to come back before events are sent about it.",
        wholeNumber(0, 300),
      ),
      15,
    ),
    restMessagesPerMinute: v.optional(
      described(
        "Messages sent, edited and recalled over HTTP, of the whole app; 0 is unlimited.",
        perMinute(),
      ),
      1_800,
    ),
    broadcastsPerMinute: v.optional(
      described(
        "Broadcasts to subscribers of a service, their edits and recalls, of the whole app; 0 is unlimited.",
        perMinute(),
      ),
      30,
    ),
    broadcastsPerDay: v.optional(
      described(
        "Broadcasts to subscribers of a service, their edits and recalls, of the whole app in a day (UTC); 0 is unlimited.",
        perMinute(),
      ),
      1_000,
    ),
    globalBroadcastsPerMinute: v.optional(
      described("Broadcasts to everybody and their edits, of the whole app; 0 is unlimited.", perMinute()),
      10,
    ),
    globalBroadcastsPerDay: v.optional(
      described(
        "Broadcasts to everybody and their edits, of the whole app in a day (UTC); 0 is unlimited.",
        perMinute(),
      ),
      30,
    ),
    pushesPerMinute: v.optional(
      described("Notifications requested over HTTP, of the whole app; 0 is unlimited.", perMinute()),
      600,
    ),
    installationsPerMinute: v.optional(
      described("New installations with the app key, of the whole app; 0 is unlimited.", perMinute()),
      3_000,
    ),
    filesPerMinute: v.optional(
      described("New files with the app key, of the whole app; 0 is unlimited.", perMinute()),
      3_000,
    ),
    signUpsPerMinute: v.optional(
      described("New users with the app key, of the whole app; 0 is unlimited.", perMinute()),
      600,
    ),
  });
