import { lazyPage } from "@/lazyPage";

/** Every page, each a chunk of its own. */
export const pages = {
  setup: lazyPage(() => import("@/features/auth/SetupPage")),
  signIn: lazyPage(() => import("@/features/auth/SignInPage")),
  invitation: lazyPage(() => import("@/features/auth/InvitationPage")),
  overview: lazyPage(() => import("@/features/overview/OverviewPage")),
  live: lazyPage(() => import("@/features/live/LivePage")),
  insights: lazyPage(() => import("@/features/insights/InsightsPage")),
  people: lazyPage(() => import("@/features/people/PeoplePage")),
  person: lazyPage(() => import("@/features/people/PersonPage")),
  errors: lazyPage(() => import("@/features/errors/ErrorsPage")),
  error: lazyPage(() => import("@/features/errors/ErrorPage")),
  usage: lazyPage(() => import("@/features/usage/UsagePage")),
  uptime: lazyPage(() => import("@/features/uptime/UptimePage")),
  monitor: lazyPage(() => import("@/features/uptime/MonitorPage")),
  monitorEditor: lazyPage(() => import("@/features/uptime/EditorPage")),
  incidents: lazyPage(() => import("@/features/incidents/IncidentsPage")),
  incident: lazyPage(() => import("@/features/incidents/IncidentPage")),
  endpoints: lazyPage(() => import("@/features/endpoints/EndpointsPage")),
  endpoint: lazyPage(() => import("@/features/endpoints/EndpointPage")),
  ingestion: lazyPage(() => import("@/features/ingestion/IngestionPage")),
  install: lazyPage(() => import("@/features/install/InstallPage")),
  projectSettings: lazyPage(() => import("@/features/settings/ProjectSettingsPage")),
  organizationSettings: lazyPage(() => import("@/features/settings/OrganizationSettingsPage")),
  accountSettings: lazyPage(() => import("@/features/settings/AccountSettingsPage")),
};
