/** The apps that are images, and the names of their folders in apps/. */
export const imageApps = ['addition', 'subtraction', 'multiplication', 'division', 'producer'] as const;

/**
 * Name of an app's image without its tag: `celeriac/addition`. `CELERIAC_IMAGE_PREFIX` names a registry, as in the stack
 * files: `registry.example.org/team/`.
 */
export function imageName(app: string, env: NodeJS.ProcessEnv): string {
  return `${env['CELERIAC_IMAGE_PREFIX'] ?? 'celeriac/'}${app}`;
}
