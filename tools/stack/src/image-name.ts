/** An image as it was asked for, without the digest that Swarm has pinned it to. */
export function withoutDigest(image: string): string {
  return image.replace(/@sha256:[0-9a-f]+$/, '');
}

/** The same repository with another tag; a registry's port is no tag. */
export function withTag(image: string, tag: string): string {
  return `${withoutDigest(image).replace(/:[^:/]+$/, '')}:${tag}`;
}
