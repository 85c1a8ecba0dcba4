/** What examples in the document speak of. The tests set these up, and then do what the examples say. */

export const CONVERSATION = "65537a0e0000000000000001";
export const MESSAGE = "AYvOVgAAq3-NXrXVMZ0gVQ";
/** When it was sent, in milliseconds. */
export const MESSAGE_AT = 1_700_000_000_000;
export const SENDER = "Tom";
export const READER = "Jerry";
export const TEXT = '{"_lctype":-1,"_lctext":"Hello, Jerry"}';
export const USER_TOKEN = "pgk9e8orv8l9coak1rjht1avt";
export const EVENT = "conversationStarted";
/** Of an event; where the log goes on after it. */
export const EVENT_PLACE = `${MESSAGE_AT} 5f0c2a9e-6d1b-4f3a-9c57-0b8e4d2a7f61`;
