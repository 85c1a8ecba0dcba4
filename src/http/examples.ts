/** What examples in the document speak of. The tests set these up, and then do what the examples say. */

export const CONVERSATION = "65537a0e0000000000000001";
export const MESSAGE = "AYvOVgAAq3-NXrXVMZ0gVQ";
/** When it was sent, in milliseconds. */
export const MESSAGE_AT = 1_700_000_000_000;
/** A time after it. */
export const LATER = MESSAGE_AT + 60_000;
export const SENDER = "Tom";
export const READER = "Jerry";
export const TEXT = '{"_lctype":-1,"_lctext":"Hello, Jerry"}';
export const USER_TOKEN = "pgk9e8orv8l9coak1rjht1avt";
export const EVENT = "messageSent";
export const EVENT_ID = "5f0c2a9e-6d1b-4f3a-9c57-0b8e4d2a7f61";
/** Where the log goes on. */
export const EVENT_PLACE = `${LATER} ${EVENT_ID}`;
export const NOTIFICATION = "65537a0e00000000000000aa";
/** By which one that waits for its time is taken back. */
export const SCHEDULED = 4711;
export const INSTALLATION = "65537a0e0000000000000002";
/** Apple's, of Jerry's device. */
export const DEVICE_TOKEN = "b5b1d2f00c8a4e0f9a3d7c6e5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a3928";
/** What signs a login. */
export const SIGNATURE = "872936aa8124ac10c5f2c046d6402da18c00720c";
export const NONCE = "n0nce";
/** A key for APNs: its id, and what else there is to it. */
export const APNS_KEY_ID = "ABC1234567";
export const APNS_KEY = {
  teamId: "DEF7654321",
  topics: ["com.example.app"],
  privateKey: "-----BEGIN PRIVATE KEY-----\nMIGTAgEAMBMGByqGSM49...\n-----END PRIVATE KEY-----\n",
};
