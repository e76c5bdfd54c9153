import { KeyRing } from '../key/key-ring';

/** The keys of the hashes that numbers are counted under. */
export class NumberKeyRing extends KeyRing {}

/** The keys of the hashes by which a number's networks and devices are known. */
export class ClientKeyRing extends KeyRing {}

/** The keys that device tokens are made with. */
export class DeviceKeyRing extends KeyRing {}
