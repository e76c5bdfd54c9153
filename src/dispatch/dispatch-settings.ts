import { z } from 'zod';
import { wholeNumber, type Values } from '../variable/variable-kinds';

export const dispatchVariables = { SMS_IN_FLIGHT: wholeNumber(1, 2_000).default(400) };

/** Names that were settings once: an operator who still sets them must know that they do nothing. */
export const formerDispatchVariables = {
  SMS_HANDOVER_MILLISECONDS: z.undefined('does nothing any more: remove it; SMS_IN_FLIGHT took its place').optional(),
};

/** How many texts are sent side by side. */
export class DispatchSettings {
  /** How many texts of a node may be with providers at a time: after a crash, so many may go out twice. */
  readonly inFlight: number;

  constructor({ SMS_IN_FLIGHT }: Values<typeof dispatchVariables>) {
    this.inFlight = SMS_IN_FLIGHT;
  }
}
