import { apnsKeyRoutes } from "./admin/apns-keys.ts";
import { attentionRoutes } from "./admin/attention.ts";
import { auditRoutes } from "./admin/audit.ts";
import { banRoutes } from "./admin/bans.ts";
import { clientDetailRoutes } from "./admin/client-detail.ts";
import { clientListRoutes } from "./admin/clients.ts";
import { conversationMemberRoutes } from "./admin/conversation-members.ts";
import { conversationSearchRoutes } from "./admin/conversations.ts";
import { eventRoutes } from "./admin/events.ts";
import { goAwayRoutes } from "./admin/go-away.ts";
import { healthRoutes } from "./admin/health.ts";
import { hookTestRoutes } from "./admin/hook-tests.ts";
import { keywordRoutes } from "./admin/keywords.ts";
import { messageLedgerRoutes } from "./admin/message-ledger.ts";
import { metricsRoutes } from "./admin/metrics.ts";
import { movingRoutes } from "./admin/moving.ts";
import { pushPreviewRoutes } from "./admin/push-preview.ts";
import { retentionRoutes } from "./admin/retention.ts";
import { settingsRoutes } from "./admin/settings.ts";
import { signatureCheckRoutes } from "./admin/signature-check.ts";
import { testPushRoutes } from "./admin/test-push.ts";
import { usageRoutes } from "./admin/usage.ts";
import { conversationImportRoutes } from "./import/conversations.ts";
import { fileImportRoutes } from "./import/files.ts";
import { installationImportRoutes } from "./import/installations.ts";
import { permissionImportRoutes } from "./import/permissions.ts";
import { serviceImportRoutes } from "./import/services.ts";
import { userImportRoutes } from "./import/users.ts";
import { mirrorRoutes } from "./mirror/mirror.ts";

/** What only the owner may ask: the administration, imports and the mirror. */
export const ownerRoutes = [
  settingsRoutes,
  auditRoutes,
  hookTestRoutes,
  healthRoutes,
  metricsRoutes,
  usageRoutes,
  attentionRoutes,
  keywordRoutes,
  goAwayRoutes,
  movingRoutes,
  banRoutes,
  eventRoutes,
  apnsKeyRoutes,
  testPushRoutes,
  pushPreviewRoutes,
  clientListRoutes,
  clientDetailRoutes,
  conversationSearchRoutes,
  conversationMemberRoutes,
  messageLedgerRoutes,
  retentionRoutes,
  signatureCheckRoutes,
  conversationImportRoutes,
  permissionImportRoutes,
  serviceImportRoutes,
  userImportRoutes,
  installationImportRoutes,
  fileImportRoutes,
  mirrorRoutes,
];
