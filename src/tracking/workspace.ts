/** Where workspaces are, by cloud (databricks-sdk, `environments.py`). */
const domains = /(^|\.)(databricks\.(com|us|mil)|azuredatabricks\.net|databricks\.azure\.(us|cn))$/;

/** Whether a tracking server is a Databricks workspace: by its domain, or as the one that `DATABRICKS_HOST` names. */
export function isWorkspace(uri: string): boolean {
  const { origin, hostname } = new URL(uri);
  const named = process.env.DATABRICKS_HOST ?? "";
  return (
    domains.test(hostname) ||
    URL.parse(/^https?:\/\//.test(named) ? named : `https://${named}`)?.origin === origin
  );
}
