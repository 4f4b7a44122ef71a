/** Where the rows of a table come from: media that a run logged, or a file of an artifact version. */

import { type Asking, type JoinPage, type JoinQuery, type TablePage, type TableQuery, api } from "../api";

/** `key` names what is read, for the cache: equal keys have equal rows for ever, as blobs never change. */
export type TableSource = { key: string; post: (query: TableQuery, asking?: Asking) => Promise<TablePage> };
export type JoinSource = { key: string; post: (query: Omit<JoinQuery, "other">, asking?: Asking) => Promise<JoinPage> };

/** A table that was logged, or one of the files of media that is one, such as the examples of a confusion matrix. */
export const mediaTable = (media: number, file: string | null = null): TableSource => ({
  key: `media ${String(media)} ${file ?? ""}`,
  post: (query, asking) => api.mediaTable(media, file === null ? query : { ...query, file }, asking),
});

export const joinedTables = (left: number, right: number): JoinSource => ({
  key: `join ${String(left)} ${String(right)}`,
  post: (query, asking) => api.joinTables(left, { ...query, other: right }, asking),
});

/** CSV, TSV, JSON lines or Parquet. */
export const fileTable = (version: number, path: string): TableSource => ({
  key: `file ${String(version)} ${path}`,
  post: (query, asking) => api.fileTable(version, { ...query, path }, asking),
});
