import { KeyRing } from '../key/key-ring';

/** The keys that one-time codes are derived with. */
export class OtpKeyRing extends KeyRing {}

/** The keys that codes are derived with which undo a change of number. */
export class UndoKeyRing extends KeyRing {}
