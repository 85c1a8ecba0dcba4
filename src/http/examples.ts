/** The people and values of the document's examples. The tests create them and then run the examples. */

export const MASTER_KEY = "your master key";
export const CONVERSATION = "65537a0e0000000000000001";
export const MESSAGE = "AYvOVgAAq3-NXrXVMZ0gVQ";
/** The time of the message, in milliseconds. */
export const MESSAGE_AT = 1_700_000_000_000;
/** A later time. */
export const LATER = MESSAGE_AT + 60_000;
export const SENDER = "Tom";
export const READER = "Jerry";
export const TEXT = '{"_lctype":-1,"_lctext":"Hello, Jerry"}';
export const USER_TOKEN = "pgk9e8orv8l9coak1rjht1avt";
/** A user, and the name of one who signs up. */
export const USER = "65537a0e0000000000000003";
export const NEW_USER = "Spike";
export const IMPORTED_USER = "65537a0e0000000000000004";
export const IMPORTED_INSTALLATION = "65537a0e0000000000000005";
export const IMPORTED_FILE = "65537a0e0000000000000006";
export const EVENT = "messageSent";
export const EVENT_ID = "5f0c2a9e-6d1b-4f3a-9c57-0b8e4d2a7f61";
/** A browser's push subscription and its key: the examples of RFC 8291. */
export const SUBSCRIPTION = {
  endpoint: "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
  expirationTime: null,
  keys: {
    p256dh: "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth: "BTBZMqHH6r4Tts7J_aSIgg",
  },
};
export const WEB_PUSH_KEY =
  "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
export const INSTALLATION = "65537a0e0000000000000002";
/** The position of the log's next page. */
export const EVENT_PLACE = `${LATER} ${EVENT_ID}`;
/** A row that says which role somebody has. */
export const ROLE = "65537a0e0000000000000007";
export const FILE = "65537a0e0000000000000003";
/** What an upload is for. */
export const UPLOAD_TOKEN = "3AqXv0Rk8LmZs2TgWc5YhNe7JpUd4BoFi9QxKt1V";
export const NOTIFICATION = "65537a0e00000000000000aa";
/** The number of a scheduled notification. */
export const SCHEDULED = 4711;
/** Apple's token of Jerry's device. */
export const DEVICE_TOKEN = "b5b1d2f00c8a4e0f9a3d7c6e5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a3928";
/** A login signature. */
export const SIGNATURE = "872936aa8124ac10c5f2c046d6402da18c00720c";
export const NONCE = "n0nce";
/** An APNs key and its id. */
export const APNS_KEY_ID = "ABC1234567";
export const APNS_KEY = {
  teamId: "DEF7654321",
  topics: ["com.example.app"],
  privateKey: "-----BEGIN PRIVATE KEY-----\nMIGTAgEAMBMGByqGSM49...\n-----END PRIVATE KEY-----\n",
};
export const FILE_KEY = "Vw1pZDgFbGd8v2nYc3tSRkQmXhJ5oLqE.png";
