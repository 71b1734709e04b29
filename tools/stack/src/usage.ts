/** What `npm run stack` prints when it is asked wrongly. */
export const usage = `usage: npm run stack -- ACTION [OPTIONS]

  build                       build the five images
  secrets                     make secrets/ with random passwords, unless it is there
  certificates                make a new certificate for the brokers (for --tls), and once the authority that signs it
  pin [--cluster] [--tls] [-c FILE]... [--tag TAG]
                              write swarm-stack.digests.yml: the images of the stack files by their digests
  deploy [--cluster] [--tls] [-c FILE]... [--tag TAG]
                              deploy swarm-stack.yml (and those of a cluster and of TLS, and each FILE), or bring the
                              stack up to date with them; replicas stay as they are
  scale SERVICE=N...          change replicas: scale addition=10
  update --tag TAG [SERVICE...]
                              roll services (all five of ours) to the images of another tag
  rollback [SERVICE...]       undo the last change of services (all five of ours), a change of replicas too
  remove [--volumes]          remove the stack; --volumes: also RabbitMQ's data, as far as this engine keeps it

  --name NAME                 name of the stack (celeriac)
  --timeout SECONDS           longest wait for the services to run as they should (900)
  --print                     print what would be changed, and change nothing

Every docker command is printed before it runs. DOCKER_HOST, DOCKER_CONTEXT and the variables of the stack files count as
they do with docker itself; a FILE is named relative to the root of the repository.
`;
