/** Looking a name from outside up in a table: `__proto__`, `constructor` and `toString` are names like any other. */

/** What the table itself has under the name; nothing of what every object has. */
export const own = <Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);
