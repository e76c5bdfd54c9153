import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsPath } from './problem';

/** The page that the `type` of a problem points to. */
@ApiExcludeController()
@Controller(problemsPath)
export class ProblemController {
  private readonly page = readFileSync(join(__dirname, '../../docs/problems.md'), 'utf8');

  @Get()
  @Header('Content-Type', 'text/markdown; charset=utf-8')
  problems(): string {
    return this.page;
  }
}
