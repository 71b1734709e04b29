const { mkdirSync, writeFileSync } = require('node:fs');
const { join, relative } = require('node:path');

/**
 * Writes `test-output/<kind>.json` into a project: how many tests passed and failed, which were skipped, which files did not run.
 * `npm test` adds them up over all projects; Nx keeps the file with a cached result, so that a result from the cache counts too.
 */
class TallyReporter {
  constructor(globalConfig, { kind }) {
    this.rootDir = globalConfig.rootDir;
    this.kind = kind;
  }

  onRunComplete(_contexts, results) {
    const tally = {
      passed: results.numPassedTests,
      failed: results.numFailedTests,
      skipped: results.testResults.flatMap((file) =>
        file.testResults
          .filter((test) => test.status === 'pending' || test.status === 'todo' || test.status === 'disabled')
          .map((test) => test.fullName),
      ),
      broken: results.testResults
        .filter((file) => file.testExecError !== undefined)
        .map((file) => relative(this.rootDir, file.testFilePath)),
    };
    const folder = join(this.rootDir, 'test-output');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${this.kind}.json`), `${JSON.stringify(tally, null, 2)}\n`);
  }
}

module.exports = TallyReporter;
