import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import { toIsoTime } from "../protocol/encode.ts";

/**
 * An installation in the HTTP API's form (http-api §10.1), without absent fields. A browser's subscription is not
 * shown: its endpoint is a capability.
 */
export function installationJson(installation: Installation): JsonObject {
  const { id, deviceType, deviceToken, installationId, registrationId, vendor, subscription } = installation;
  const { channels, valid, badge, fields, createdAt, updatedAt } = installation;
  return {
    ...fields,
    objectId: id,
    deviceType,
    ...(deviceToken !== undefined && subscription === undefined && { deviceToken }),
    ...(installationId !== undefined && { installationId }),
    ...(registrationId !== undefined && { registrationId }),
    ...(vendor !== undefined && { vendor }),
    channels,
    valid,
    badge,
    createdAt: toIsoTime(createdAt),
    updatedAt: toIsoTime(updatedAt),
  };
}
