/** A challenge that was solved, and may have been used before: `Challenges.spend` decides that. */
export interface VerifiedChallenge {
  /** 64 hex digits, the same however the client writes its token. */
  id: string;
  /** From then on the token is refused. */
  expiresAt: Date;
}
