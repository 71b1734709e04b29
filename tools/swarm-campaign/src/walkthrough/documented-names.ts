/** What stands in the lab for the names that the README gives to hosts, images and tokens. */
export interface LabNames {
  /** Addresses of n1, n2 and n3. */
  readonly addresses: readonly string[];
  /** Where a producer answers: without IPVS a host answers only for the tasks that it runs. */
  readonly producerAddress: string;
  readonly joinToken: string;
  /** The tag that the README updates to. */
  readonly nextTag: string;
}

const documentedHost = /\bnode-([1-9])\b/g;
const documentedAddress = /\b192\.0\.2\.1([1-9])\b/g;
const documentedRegistry = 'registry.example.com/celeriac/';
const documentedNextTag = /:0\.1\.1\b/g;
const stackDeploy = /^docker stack deploy .*-c \S+\.yml/gm;

/** What is laid over the stack files, as this kernel may have no IPVS; relative to the root of the repository. */
const override = 'tools/swarm-campaign/stack.lab.yml';

/** Commands of the README as they are run in the lab. */
export function commandsForLab(script: string, names: LabNames): string {
  return inLab(
    script
      .replaceAll(/http:\/\/(?:192\.0\.2\.1[1-9]|127\.0\.0\.1):8000/g, `http://${names.producerAddress}:8000`)
      .replaceAll(/SWMTKN-1-[0-9a-z]+-[0-9a-z]+/g, names.joinToken)
      .replaceAll(stackDeploy, (command) => `${command} -c ${override}`),
    names,
  );
}

/** A line of output that the README shows, as the lab prints it. */
export function inLab(line: string, { addresses, nextTag }: LabNames): string {
  return line
    .replaceAll(documentedHost, 'n$1')
    .replaceAll(documentedAddress, (address, number: string) => addresses[Number(number) - 1] ?? address)
    .replaceAll(documentedRegistry, 'celeriac/')
    .replaceAll(documentedNextTag, `:${nextTag}`);
}
