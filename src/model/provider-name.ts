/** Ways to devices, by the names that records use (N-11). */
export type ProviderName = "apns" | "fcm" | "webPush" | "webhook";
