const looksPerHeartbeat = 4;
/** One and a half heartbeats: three of RabbitMQ's, which beats twice in each interval. */
const looksInVain = 6;

/**
 * Calls `onSilent` once when a peer has sent nothing for one and a half to one and three quarter heartbeats, which is
 * before the two intervals after which AMQP 0-9-1 (4.2.7) lets either side close the connection.
 *
 * It counts looks that found nothing new, not time: when the event loop was busy for a while, what came meanwhile lies
 * unread in the socket, and one look is all that was missed.
 *
 * @returns stops watching
 */
export function watchSilence(
  socket: { readonly bytesRead: number },
  heartbeatSeconds: number,
  onSilent: () => void,
): () => void {
  let { bytesRead } = socket;
  let looks = 0;
  const timer = setInterval(
    () => {
      looks = socket.bytesRead === bytesRead ? looks + 1 : 0;
      ({ bytesRead } = socket);
      if (looks < looksInVain) return;
      clearInterval(timer);
      onSilent();
    },
    (heartbeatSeconds * 1000) / looksPerHeartbeat,
  );
  return () => {
    clearInterval(timer);
  };
}
