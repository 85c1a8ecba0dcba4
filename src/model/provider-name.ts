/** The ways to reach a device, by their names in records (N-11). */
export type ProviderName = "apns" | "fcm" | "webPush" | "webhook";
