export { buildImage } from './build-image.ts';
export { checkImages } from './check-images.ts';
export { docker, DockerError, needEngine, tryDocker } from './docker.ts';
export { imageApps, imageName } from './image-name.ts';
export { readRelease, tagsOf } from './release.ts';

export type { BuildImageOptions } from './build-image.ts';
export type { CheckImagesOptions, ImageCheck } from './check-images.ts';
export type { DockerCommand, DockerResult } from './docker.ts';
export type { Commit, Release } from './release.ts';
