import { Suspense, useEffect } from "react";
import { Route, Switch, useLocation } from "wouter";
import { PageSkeleton } from "@/components/PageSkeleton";
import { HomePage } from "@/features/home/HomePage";
import { NotFoundPage } from "@/features/home/NotFoundPage";
import { pages } from "@/pages";
import { Gate } from "@/shell/Gate";
import { PageBoundary } from "@/shell/PageBoundary";
import { isAt, PLACES } from "@/shell/places";
import { KnownProject, ProjectProvider } from "@/shell/ProjectProvider";
import { Shell } from "@/shell/Shell";

/** Public pages first; whatever is left needs a session. */
export function Router() {
  const [location] = useLocation();
  return (
    <PageBoundary at={location}>
      <Suspense fallback={null}>
        <Switch>
          <Route path="/setup" component={pages.setup.Page} />
          <Route path="/sign-in" component={pages.signIn.Page} />
          <Route path="/invite/:token" component={pages.invitation.Page} />
          <Route path="/shared/:token" component={pages.shared.Page} />
          <Route component={SignedIn} />
        </Switch>
      </Suspense>
    </PageBoundary>
  );
}

function SignedIn() {
  const [location] = useLocation();
  // The code of the first page loads while it is still being asked who is signed in; without a page, it is the overview.
  useEffect(() => (PLACES.find(({ page }) => isAt(location, page))?.code ?? pages.overview).preload(), []);
  return (
    <Gate>
      <ProjectProvider>
        <Shell>
          <PageBoundary at={location}>
            <Suspense fallback={<PageSkeleton />}>
              <KnownProject>
                <Switch>
                  <Route path="/" component={HomePage} />
                  <Route path="/p/:project" component={HomePage} />
                  <Route path="/p/:project/overview" component={pages.overview.Page} />
                  <Route path="/p/:project/live" component={pages.live.Page} />
                  <Route path="/p/:project/web" component={pages.web.Page} />
                  <Route path="/p/:project/insights" component={pages.insights.Page} />
                  <Route path="/p/:project/people" component={pages.people.Page} />
                  <Route path="/p/:project/people/:personKey" component={pages.person.Page} />
                  <Route path="/p/:project/people/cohorts/new" component={pages.cohortEditor.Page} />
                  <Route path="/p/:project/people/cohorts/:cohort" component={pages.cohort.Page} />
                  <Route path="/p/:project/people/cohorts/:cohort/edit" component={pages.cohortEditor.Page} />
                  <Route path="/p/:project/people/groups/:groupType/:groupKey" component={pages.group.Page} />
                  <Route path="/p/:project/dashboards" component={pages.dashboards.Page} />
                  <Route path="/p/:project/dashboards/:dashboard" component={pages.dashboard.Page} />
                  <Route path="/p/:project/errors" component={pages.errors.Page} />
                  <Route path="/p/:project/errors/:errorGroup" component={pages.error.Page} />
                  <Route path="/p/:project/usage" component={pages.usage.Page} />
                  <Route path="/p/:project/endpoints" component={pages.endpoints.Page} />
                  <Route path="/p/:project/endpoints/one" component={pages.endpoint.Page} />
                  <Route path="/p/:project/uptime" component={pages.uptime.Page} />
                  <Route path="/p/:project/uptime/new" component={pages.monitorEditor.Page} />
                  <Route path="/p/:project/uptime/:monitor" component={pages.monitor.Page} />
                  <Route path="/p/:project/uptime/:monitor/edit" component={pages.monitorEditor.Page} />
                  <Route path="/p/:project/incidents" component={pages.incidents.Page} />
                  <Route path="/p/:project/incidents/:incident" component={pages.incident.Page} />
                  <Route path="/p/:project/ingestion" component={pages.ingestion.Page} />
                  <Route path="/p/:project/install" component={pages.install.Page} />
                  <Route path="/p/:project/settings" component={pages.projectSettings.Page} />
                  <Route path="/p/:project/settings/erasures/:erasure" component={pages.erasure.Page} />
                  <Route path="/settings/organization" component={pages.organizationSettings.Page} />
                  <Route path="/settings/account" component={pages.accountSettings.Page} />
                  <Route component={NotFoundPage} />
                </Switch>
              </KnownProject>
            </Suspense>
          </PageBoundary>
        </Shell>
      </ProjectProvider>
    </Gate>
  );
}
