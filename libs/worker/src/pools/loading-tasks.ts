/** The module that is imported for its tasks at this moment; one at a time. */
let loading: URL | undefined;

/** Imports a module for its tasks; while it is evaluated, `moduleLoading` gives its URL. */
export async function importTasks(url: URL): Promise<Record<string, unknown>> {
  const outer = loading;
  loading = url;
  try {
    return (await import(url.href)) as Record<string, unknown>;
  } finally {
    loading = outer;
  }
}

/** URL of the module that is imported for its tasks at this moment: it must not start a worker meanwhile. */
export function moduleLoading(): URL | undefined {
  return loading;
}
