/** What one may choose: a list of parts at the left, one of them beside it. */

import { Link, useParams } from "@tanstack/react-router";
import { Suspense } from "react";
import { NotFound } from "../frame/App";
import { Page } from "../frame/Page";
import { Outline } from "../parts/Note";
import styles from "./SettingsPage.module.css";
import { GROUPS, partAt } from "./sections";

export function SettingsPage() {
  const { part: path } = useParams({ strict: false });
  const shown = partAt(path);
  if (shown === undefined) return <NotFound />;
  const { Content } = shown;
  return (
    <Page title={path === undefined ? "Settings" : `${shown.label} · Settings`} heading="Settings" crumbs={[]} here="Settings">
      <div className={styles["settings"]}>
        <nav aria-label="Settings" className={styles["parts"]}>
          {GROUPS.map((group) => (
            <ul key={group.label} aria-label={group.label}>
              {group.parts.map(({ path, label }) => (
                <li key={path}>
                  <Link to="/settings/$part" params={{ part: path }} aria-current={path === shown.path ? "page" : undefined}>
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          ))}
        </nav>
        <div className={styles["part"]} key={shown.path}>
          <Suspense fallback={<Outline />}>
            <Content />
          </Suspense>
        </div>
      </div>
    </Page>
  );
}
