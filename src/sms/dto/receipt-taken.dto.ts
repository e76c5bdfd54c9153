/** Nothing to tell: `{}`. */
export class ReceiptTakenDto {}
