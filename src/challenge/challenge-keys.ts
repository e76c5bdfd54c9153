import { KeyRing } from '../key/key-ring';

/** The keys that challenges are signed with. */
export class ChallengeKeyRing extends KeyRing {}
