/** The parts of the settings, each at an address of its own: `/settings/about`. */

import { type ComponentType, lazy } from "react";
import { About } from "./About";
import { Appearance } from "./Appearance";

const Audit = lazy(() => import("./Audit").then((module) => ({ default: module.Audit })));
const Invitations = lazy(() => import("./Invitations").then((module) => ({ default: module.Invitations })));
const Access = lazy(() => import("./Access").then((module) => ({ default: module.Access })));
const Account = lazy(() => import("./Account").then((module) => ({ default: module.Account })));
const Keys = lazy(() => import("./Keys").then((module) => ({ default: module.Keys })));
const People = lazy(() => import("./People").then((module) => ({ default: module.People })));
const Storage = lazy(() => import("./Storage").then((module) => ({ default: module.Storage })));
const Webhooks = lazy(() => import("./Webhooks").then((module) => ({ default: module.Webhooks })));

type Part = { path: string; label: string; Content: ComponentType };

const APPEARANCE: Part = { path: "appearance", label: "Appearance", Content: Appearance };

export const GROUPS: readonly { label: string; parts: readonly Part[] }[] = [
  { label: "Yours", parts: [APPEARANCE, { path: "account", label: "Account", Content: Account }, { path: "keys", label: "Keys", Content: Keys }] },
  {
    label: "Server",
    parts: [
      { path: "people", label: "People", Content: People },
      { path: "invitations", label: "Invitations", Content: Invitations },
      { path: "access", label: "Project access", Content: Access },
      { path: "storage", label: "Storage", Content: Storage },
      { path: "audit", label: "Audit", Content: Audit },
      { path: "webhooks", label: "Webhooks", Content: Webhooks },
      { path: "about", label: "About", Content: About },
    ],
  },
];

/** The part at an address; the first where none is named, undefined for one that does not exist. */
export const partAt = (path: string | undefined): Part | undefined =>
  path === undefined ? APPEARANCE : GROUPS.flatMap(({ parts }) => parts).find((part) => part.path === path);
