import { CreateTables1764000000000 } from './1764000000000-create-tables';
import { FollowTexts1764100000000 } from './1764100000000-follow-texts';
import { BindNumberChanges1764220000000 } from './1764220000000-bind-number-changes';
import { RememberReplies1764220000001 } from './1764220000001-remember-replies';
import { RememberSpentForeignTokens1764230000000 } from './1764230000000-remember-spent-foreign-tokens';
import { OrderTexts1764250000000 } from './1764250000000-order-texts';
import { RememberChallengeSolutions1764260000000 } from './1764260000000-remember-challenge-solutions';
import { CountBudgets1764270000000 } from './1764270000000-count-budgets';
import { LimitByNumber1764300000000 } from './1764300000000-limit-by-number';
import { ReleaseNumbers1764310000000 } from './1764310000000-release-numbers';

/** In the order in which they run; one that has landed is never edited. */
export const migrations = [
  CreateTables1764000000000,
  FollowTexts1764100000000,
  BindNumberChanges1764220000000,
  RememberReplies1764220000001,
  RememberSpentForeignTokens1764230000000,
  OrderTexts1764250000000,
  RememberChallengeSolutions1764260000000,
  CountBudgets1764270000000,
  LimitByNumber1764300000000,
  ReleaseNumbers1764310000000,
];
