/** An input of the target `container`: whether the engine has the image. usage, in the workspace: image-state.ts <app> */
import { imageName } from '../image-name.ts';
import { imageState } from '../image-state.ts';
import { readRelease } from '../release.ts';

const app = process.argv[2];
if (app === undefined) throw new Error('usage: image-state.ts <app>');
process.stdout.write(await imageState(imageName(app, process.env), readRelease(process.cwd())));
