/** Which address shows which page. Each page is a chunk of its own. */

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { parseSearch, readSearch, stringifySearch } from "./address";
import { App, Broken, NotFound } from "./frame/App";

const root = createRootRoute({ component: App, notFoundComponent: NotFound, errorComponent: Broken, validateSearch: readSearch });
const getParentRoute = () => root;

const projects = createRoute({ getParentRoute, path: "/", component: lazyRouteComponent(() => import("./projects/ProjectsPage"), "ProjectsPage") });
const workspace = createRoute({ getParentRoute, path: "/p/$project", component: lazyRouteComponent(() => import("./workspace/WorkspacePage"), "WorkspacePage") });
const compare = createRoute({ getParentRoute, path: "/p/$project/compare", component: lazyRouteComponent(() => import("./compare/ComparePage"), "ComparePage") });
const leaderboards = createRoute({ getParentRoute, path: "/p/$project/leaderboards", component: lazyRouteComponent(() => import("./leaderboards/LeaderboardsPage"), "LeaderboardsPage") });
const leaderboard = createRoute({ getParentRoute, path: "/p/$project/leaderboards/$board", component: lazyRouteComponent(() => import("./leaderboards/BoardPage"), "BoardPage") });
const artifacts = createRoute({ getParentRoute, path: "/p/$project/artifacts", component: lazyRouteComponent(() => import("./artifacts/ArtifactsPage"), "ArtifactsPage") });
const artifactVersion = createRoute({ getParentRoute, path: "/p/$project/artifacts/$name/$version", component: lazyRouteComponent(() => import("./artifacts/ArtifactPage"), "ArtifactPage") });
const runPage = lazyRouteComponent(() => import("./run/RunPage"), "RunPage");
const run = createRoute({ getParentRoute, path: "/p/$project/runs/$run", component: runPage });
const runTab = createRoute({ getParentRoute, path: "/p/$project/runs/$run/$tab", component: runPage });
const shortRun = createRoute({ getParentRoute, path: "/r/$run", component: lazyRouteComponent(() => import("./run/ShortLinkPage"), "ShortLinkPage") });
const shortView = createRoute({ getParentRoute, path: "/v/$view", component: lazyRouteComponent(() => import("./views/ViewLinkPage"), "ViewLinkPage") });
const shared = createRoute({ getParentRoute, path: "/share", component: lazyRouteComponent(() => import("./share/SharePage"), "SharePage") });
const join = createRoute({ getParentRoute, path: "/join", component: lazyRouteComponent(() => import("./frame/JoinPage"), "JoinPage") });
const models = createRoute({ getParentRoute, path: "/models", component: lazyRouteComponent(() => import("./models/ModelsPage"), "ModelsPage") });
const model = createRoute({ getParentRoute, path: "/models/$name", component: lazyRouteComponent(() => import("./models/ModelPage"), "ModelPage") });
const modelVersion = createRoute({ getParentRoute, path: "/models/$name/$version", component: lazyRouteComponent(() => import("./models/VersionPage"), "VersionPage") });
const proposal = createRoute({ getParentRoute, path: "/models/$name/proposals/$number", component: lazyRouteComponent(() => import("./models/ProposalPage"), "ProposalPage") });
const rules = createRoute({ getParentRoute, path: "/models/$name/rules", component: lazyRouteComponent(() => import("./models/RulesPage"), "RulesPage") });
const audit = createRoute({ getParentRoute, path: "/audit", component: lazyRouteComponent(() => import("./models/AuditPage"), "AuditPage") });

const settingsPage = lazyRouteComponent(() => import("./settings/SettingsPage"), "SettingsPage");
const settings = createRoute({ getParentRoute, path: "/settings", component: settingsPage });
const settingsPart = createRoute({ getParentRoute, path: "/settings/$part", component: settingsPage });

export const router = createRouter({
  routeTree: root.addChildren([projects, workspace, compare, leaderboards, leaderboard, artifacts, artifactVersion, run, runTab, shortRun, shortView, shared, join, models, model, modelVersion, proposal, rules, audit, settings, settingsPart]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  // the query cache decides what is fresh
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
