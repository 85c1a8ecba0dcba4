import type { Installation } from "../model/installation.ts";
import type { JsonObject } from "../model/json.ts";
import { isoTime } from "../protocol/encode.ts";

/**
 * An installation as the HTTP API shows it (http-api §10.1), without what it does not have. Of a browser's subscription
 * nothing is shown: where it is pushed to is a capability.
 */
export function installationJson(installation: Installation): JsonObject {
  const { id, deviceType, deviceToken, installationId, registrationId, vendor, subscription } = installation;
  const { channels, valid, badge, fields, createdAt, updatedAt } = installation;
  return {
    ...fields,
    ...{ objectId: id, deviceType },
    ...(deviceToken !== undefined && subscription === undefined && { deviceToken }),
    ...(installationId !== undefined && { installationId }),
    ...(registrationId !== undefined && { registrationId }),
    ...(vendor !== undefined && { vendor }),
    ...{ channels, valid, badge, createdAt: isoTime(createdAt), updatedAt: isoTime(updatedAt) },
  };
}
