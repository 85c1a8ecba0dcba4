/** The phone makers' own push services, by their names in settings and records. */
export const vendorNames = ["hms", "honor", "mi", "oppo", "vivo", "meizu"] as const;

export type VendorName = (typeof vendorNames)[number];

/** The ways to reach a device, by their names in records (N-11). */
export type ProviderName = "apns" | "fcm" | VendorName | "webPush" | "webhook";
