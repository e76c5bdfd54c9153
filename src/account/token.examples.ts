import type { ApiResponseNoStatusOptions } from '@nestjs/swagger';

export const tokenNotValid: ApiResponseNoStatusOptions = {
  description: 'The token is expired, used up, signed out, of the other type, or none of ours.',
  content: {
    'application/json': { example: { detail: 'Token is invalid or expired', code: 'token_not_valid' } },
  },
};
