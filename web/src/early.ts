/**
 * What a page is sure to ask for, asked for while its scripts are still on their way.
 *
 * Each answer is given once, to the first that asks for its address. The page asks anew for whatever is not here.
 */

const answers = new Map<string, Promise<Response>>();

export function askEarly(addresses: readonly string[]): void {
  for (const address of addresses) {
    const answer = fetch(address);
    answers.set(address, answer);
    // whoever takes it is told
    answer.catch(() => undefined);
  }
}

export function takeEarly(address: string): Promise<Response> | undefined {
  const answer = answers.get(address);
  answers.delete(address);
  return answer;
}

/** The project whose workspace is at this path, as it stands there. */
export const projectAt = (path: string): string | null => /^\/p\/([^/]+)\/?$/.exec(path)?.[1] ?? null;

/** What the page at this path begins with; all pages ask who looks at them. */
export function addressesFor(path: string): string[] {
  const project = projectAt(path);
  return ["/api/v1/me", ...(project === null ? [] : [`/api/v1/projects/${project}`, `/api/v1/projects/${project}/keys`])];
}
