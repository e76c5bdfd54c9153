import { Controller, Get, Header } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsPath } from './problem';

/** A build brings its page along, as it may run without the checkout that it was made in. */
const [page] = ['../docs/problems.md', '../../docs/problems.md']
  .map((path) => join(__dirname, path))
  .filter(existsSync);

/** The page that the `type` of a problem points to. */
@ApiExcludeController()
@Controller(problemsPath)
export class ProblemController {
  private readonly page = readFileSync(page!, 'utf8');

  @Get()
  @Header('Content-Type', 'text/markdown; charset=utf-8')
  problems(): string {
    return this.page;
  }
}
